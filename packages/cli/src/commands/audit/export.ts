import type { Verb } from '../verb.ts'
import { openServerLog } from './chains.ts'
import { exportLines } from './export-file.ts'

export const exportAudit: Verb = {
  usage: 'export',
  summary: 'Print the whole log with what proves it: checkpoint, order, and every record exactly as hashed',
  details: 'One JSON object in each line. For keeping elsewhere: audit verify proves it without a server.',
  examples: ['countersign audit export > audit.jsonl'],
  async run(context) {
    for await (const line of exportLines(await openServerLog(await context.api()))) context.terminal.write(line)
  },
}
