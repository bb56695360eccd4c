import { exceeded } from '../bounds.ts'
import type { FileFacts, FoundPackage } from '../facts.ts'

/** No distribution has as many packages as one image would need for this. */
const MAX_ENTRIES = 200_000

/** Reads a package from each entry of a database. ABSENT: there is none, as of one that was removed. Ends at once where there are too many. */
export function gatherPackages<E>(entries: Iterable<E>, path: string, read: (entry: E) => FoundPackage | 'BROKEN' | 'ABSENT'): FileFacts {
  const packages: FoundPackage[] = []
  let [count, broken] = [0, 0]
  for (const entry of entries) {
    if (typeof entry === 'string' && entry.trim() === '') continue
    if (++count > MAX_ENTRIES) throw exceeded(`${path} has more than ${MAX_ENTRIES} entries`)
    const found = read(entry)
    if (found === 'BROKEN') broken++
    else if (found !== 'ABSENT') packages.push(found)
  }
  return broken === 0 ? { packages } : { packages, problems: [`${broken} entries of ${path} name no package or version`] }
}
