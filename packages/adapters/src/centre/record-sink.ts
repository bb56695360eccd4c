import { ShipRecordsResponseSchema } from '@countersign/api/gen/countersign/v1/gates_pb.ts'
import type { RecordSink, SpoolRecord } from '@countersign/gate/ports.ts'
import type { CentreClient } from './client.ts'
import { readMessage } from './read-answers.ts'
import { type CentrePlace, pathOf } from './world-source.ts'

/** Well below what the centre reads of one request; a record that is larger goes alone. */
const MAX_BATCH_LENGTH = 2 * 1024 * 1024

/** Ships a spool's records to the centre, in requests of bounded size. */
export function openCentreSink(client: CentreClient, place: CentrePlace): RecordSink {
  const path = `${pathOf(place)}:shipRecords`
  return {
    ship: async (writer, records) => {
      let stored = 0
      for (const batch of cutBatches(records)) {
        stored = Number(readMessage(ShipRecordsResponseSchema, await client.call(path, { writer, records: batch })).sequence)
        if (stored < (batch.at(-1)?.sequence ?? 0)) break
      }
      return stored
    },
  }
}

function cutBatches(records: readonly SpoolRecord[]): readonly (readonly SpoolRecord[])[] {
  const batches: SpoolRecord[][] = []
  let length = Number.POSITIVE_INFINITY
  for (const record of records) {
    length += record.canonical.length
    if (length > MAX_BATCH_LENGTH) {
      batches.push([])
      length = record.canonical.length
    }
    batches.at(-1)?.push(record)
  }
  return batches
}
