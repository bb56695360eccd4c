import { formatJson } from '../../output/format.ts'
import { startBefore } from '../../duration.ts'
import type { Verb } from '../verb.ts'
import { readBundle } from './bundle.ts'

export const exportReceipts: Verb = {
  usage: 'export',
  summary: 'Print receipts with every input that they name, one JSON object in each line',
  details: 'For keeping elsewhere: receipts replay --file decides them again without a server, in this version or a later one.',
  examples: ['countersign receipts export --since 30d --project demo > receipts.jsonl'],
  options: [{ flags: '--since <duration>', summary: 'only decisions of the last so many hours or days, such as 7d' }],
  async run(context, given) {
    const since = given.text('--since')
    const startTime = since === undefined ? undefined : startBefore(since, context.terminal.now())
    for await (const line of readBundle(await context.api(), context.project(), startTime)) context.terminal.write(formatJson(line, 0))
  },
}
