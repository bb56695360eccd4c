import type { Change, ChangeRecord, ChangeWriter } from './change.ts'

/** What a flow says of a change beside what the feed row says already. */
export type Act = Omit<ChangeRecord, 'project' | 'resourceName'>

/** Writes feed row and audit record of one change; project and resource of the record are the row's. */
export async function writeChange(writer: ChangeWriter, change: Change, act: Act): Promise<void> {
  await writer.recordChange(change, { project: change.project, resourceName: change.name, ...act })
}
