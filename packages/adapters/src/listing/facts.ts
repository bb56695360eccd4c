import type { Distribution, ListedPackage } from '@countersign/service/scanning/listing.ts'

/** A package before it is known which layer its file came with, and for one of the system which distribution it belongs to. */
export type FoundPackage =
  | (Omit<ListedPackage, 'layer' | 'filePath'> & { readonly type: Exclude<ListedPackage['type'], 'OS'> })
  | (Omit<ListedPackage, 'layer' | 'filePath' | 'ecosystem'> & { readonly type: 'OS' })

/** What one file tells of an image. */
export interface FileFacts {
  readonly packages?: readonly FoundPackage[]
  readonly distribution?: Distribution
  readonly problems?: readonly string[]
  /** Why this file, which tells what the system is made of, cannot be read. */
  readonly unsupported?: string
}

/** No registry or distribution takes longer names; control characters are in none. */
const PLAIN = /^[^\p{Cc}\s]{1,512}$/u

/** Whether a text can be the name or version of a package. */
export function isPlain(text: string | undefined): text is string {
  return text !== undefined && text.isWellFormed() && PLAIN.test(text)
}
