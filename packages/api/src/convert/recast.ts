import type { DescMessage, MessageShape } from '@bufbuild/protobuf'
import { fromBinary, toBinary } from '@bufbuild/protobuf'

/**
 * A message as its twin of the other API version, where both number their members alike (kritis-and-grafeas.md Annex B): what the
 * twin does not have is lost, nothing else. Of members that differ under one number the caller must have taken care before.
 */
export function recast<From extends DescMessage, To extends DescMessage>(from: From, message: MessageShape<From>, to: To): MessageShape<To> {
  return fromBinary(to, toBinary(from, message, { writeUnknownFields: false }), { readUnknownFields: false })
}
