import type { Migration } from 'kysely/migration'
import { up as first } from './0001-first.ts'
import { up as gates } from './0002-gates.ts'
import { up as clusterSettings } from './0003-cluster-settings.ts'
import { up as occurrenceWriter } from './0004-occurrence-writer.ts'
import { up as breakGlass } from './0005-break-glass.ts'
import { up as log } from './0006-log.ts'

/** Every migration by its number, forward only. One that has been released is never changed. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-first': { up: first },
  '0002-gates': { up: gates },
  '0003-cluster-settings': { up: clusterSettings },
  '0004-occurrence-writer': { up: occurrenceWriter },
  '0005-break-glass': { up: breakGlass },
  '0006-log': { up: log },
}
