import { textIn, type Tree } from '../../connection/api.ts'
import type { Verb } from '../verb.ts'
import { acceptImage, openRegistry, REGISTRY_OPTIONS } from './registry.ts'

const SHOWN_DIGITS = 12

export const listTags: Verb = {
  usage: 'list-tags <repository>',
  summary: 'List the tagged images of a repository, newest first: digest, tags, time',
  examples: [
    'countersign images list-tags registry.example/app',
    "countersign images list-tags --format='get(digest)' registry.example/app | head -1",
  ],
  options: [...REGISTRY_OPTIONS, { flags: '--limit <number>', summary: 'at most so many images' }],
  async run(context, given) {
    const registry = await openRegistry(context.terminal, given)
    const found = await registry.listImages(acceptImage(given.argument(0)))
    const rows = found.slice(0, given.count('--limit')).map(({ digest, tags, created }) => ({ digest, tags, timestamp: { datetime: created ?? '' } }))
    await context.showPlainRows(rows, [
      { heading: 'DIGEST', value: (row) => textIn(row, 'digest').replace('sha256:', '').slice(0, SHOWN_DIGITS) },
      { heading: 'TAGS', value: (row) => ((row as Tree)['tags'] as readonly string[]).join(',') },
      { heading: 'TIMESTAMP', value: (row) => textIn(row, 'timestamp', 'datetime').slice(0, '2026-01-31T12:00:00'.length) },
    ])
  },
}
