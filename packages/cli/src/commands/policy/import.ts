import { formatIssue } from '@countersign/core/parsed.ts'
import { formatPolicy } from '@countersign/core/policy/format.ts'
import { StatusError } from '@countersign/core/status.ts'
import { pathOf } from '../../connection/api.ts'
import { UsageError } from '../../terminal.ts'
import type { Verb } from '../verb.ts'
import { readPolicyFile, tellNotes } from './read-file.ts'

export const importPolicy: Verb = {
  usage: 'import <file>',
  summary: 'Replace the policy of a project by a file: YAML or JSON, - for standard input',
  examples: ['countersign policy import policy.yaml --project demo'],
  options: [{ flags: '--strict-validation', summary: 'the original’s flag; validation is always strict' }],
  async run(context, given) {
    const file = given.argument(0)
    const { envelope, notes } = await readPolicyFile(context.terminal, file)
    const project = context.findProject() ?? /^projects\/([^/]+)\/policy$/.exec(envelope.name ?? '')?.[1] ?? context.project()
    const name = `projects/${project}/policy`
    if (envelope.name !== undefined && envelope.name !== '' && envelope.name !== name) {
      throw new UsageError(
        `Policy file "${file}" is of "${envelope.name}", but the project is "${project}"`,
        'Remove the line "name" from the file to import it there',
      )
    }
    tellNotes(context, file, notes)
    const body = formatPolicy(envelope.policy, { name, ...(envelope.etag === undefined ? {} : { etag: envelope.etag }) })
    const toldWarnings = notes.map(({ path, message }) => formatIssue({ path, message }))
    const api = await context.api()
    await context.showOne(
      await api.call('PUT', pathOf('/v1', name), { body, toldWarnings }).catch((error: unknown) => explainConflict(error, file, project)),
    )
  },
}

function explainConflict(error: unknown, file: string, project: string): never {
  if (!(error instanceof StatusError) || error.code !== 'ABORTED') throw error
  const next = `Export it again and repeat your change: countersign policy export --project ${project}`
  throw new StatusError('ABORTED', `The policy of project "${project}" was changed after "${file}" was exported, so nothing was written. ${next}`, {
    cause: error,
  })
}
