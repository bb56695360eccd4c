/**
 * How the versions of one ecosystem are ordered: below, equal to or above zero, as `Array.sort` wants it. Undefined where either text is no
 * version of the ecosystem: such a version is neither older nor newer than anything, and who asks must say so.
 */
export type VersionOrder = (one: string, other: string) => number | undefined

/** No version that anybody released is longer; what is longer is no version. */
export const MAX_VERSION_LENGTH = 256

/** Compares digits without sign as the numbers that they write, however long they are. */
export function compareDigits(one: string, other: string): number {
  const [left, right] = [one.replace(/^0+/, ''), other.replace(/^0+/, '')]
  return left.length - right.length || compareText(left, right)
}

/** Compares text by its code units, as C's `strcmp` does for ASCII. */
export function compareText(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1
}
