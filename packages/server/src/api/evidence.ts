import { fromJson, type JsonValue } from '@bufbuild/protobuf'
import { durationMs } from '@bufbuild/protobuf/wkt'
import { Evidence } from '@countersign/api/gen/countersign/v1/evidence_pb.ts'
import { OccurrenceSchema } from '@countersign/api/gen/grafeas/v1/grafeas_pb.ts'
import { serve, type ServedService } from '@countersign/api/rest/service-implementation.ts'
import type { AwaitEvidence } from '@countersign/service/metadata/await-evidence.ts'
import type { CallContext } from './call-context.ts'
import type { Metadata } from './metadata.ts'

/** `countersign.v1.Evidence`: who wrote occurrences, and when there is news of an image. */
export function serveEvidence({ lists }: Pick<Metadata, 'lists'>, awaitEvidence: AwaitEvidence): ServedService<CallContext> {
  return serve(Evidence, {
    listEvidence: async ({ parent, filter, pageSize, pageToken }, { caller }) => {
      const { evidence, nextPageToken } = await lists.listEvidence(caller, parent, { filter, pageSize, pageToken })
      const written = evidence.map(({ occurrence, writer = '' }) => ({ occurrence: fromJson(OccurrenceSchema, occurrence as JsonValue), writer }))
      return { evidence: written, nextPageToken }
    },
    awaitEvidence: async ({ parent, digest, after, wait }, { caller }) => {
      const waitMs = wait === undefined ? 0 : durationMs(wait)
      const { position, changed } = await awaitEvidence(caller, parent, { digest, after: Number(after), waitMs })
      return { position: BigInt(position), changed }
    },
  })
}
