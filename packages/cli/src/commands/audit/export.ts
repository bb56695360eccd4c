import { formatJson } from '../../output/format.ts'
import type { Verb } from '../verb.ts'
import { listWriters, readChain } from './chains.ts'

export const exportAudit: Verb = {
  usage: 'export',
  summary: 'Print every record of the log, exactly as hashed, one JSON object in each line',
  details: 'For keeping elsewhere: audit verify proves it without a server.',
  examples: ['countersign audit export > audit.jsonl'],
  async run(context) {
    const api = await context.api()
    for (const { writer } of await listWriters(api)) {
      for await (const link of readChain(api, writer)) context.terminal.write(formatJson(link, 0))
    }
  },
}
