import { compare, valid } from '@renovatebot/pep440'
import { MAX_VERSION_LENGTH, type VersionOrder } from './order.ts'

/** The order of Python's versions (PEP 440, local versions included). */
export const comparePython: VersionOrder = (one, other) => {
  if (one.length > MAX_VERSION_LENGTH || other.length > MAX_VERSION_LENGTH) return undefined
  return valid(one) === null || valid(other) === null ? undefined : compare(one, other)
}
