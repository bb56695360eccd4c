import { findEach, findMissing, findNeeded } from './fault.ts'
import type { Message } from './message.ts'
import { findOptionalVersionFaults } from './version-rules.ts'

/** Members by which the newer layout tells at the top what the older one tells at every location. */
const NEWER: readonly string[] = ['cpeUri', 'version', 'packageType']

/** The faults of a package note (kritis-and-grafeas.md §4.6). The reference calls `latest_version` "version". */
export function findPackageNoteFaults(note: Message): readonly string[] {
  return [
    ...findMissing(note, ['name']),
    ...findEach(note, 'distribution', (distribution) => [
      ...findMissing(distribution, ['cpeUri']),
      ...findOptionalVersionFaults(distribution['latestVersion'], 'version'),
    ]),
    ...findOptionalVersionFaults(note['version'], 'version'),
  ]
}

/**
 * The faults of a package occurrence (§4.6). In the newer layout, which the reference server refuses by mistake, locations are
 * optional and need no CPE of their own.
 */
export function findPackageFaults(installed: Message): readonly string[] {
  const findVersion = (location: Message): readonly string[] => findOptionalVersionFaults(location['version'], 'version')
  if (NEWER.some((member) => installed[member] !== undefined)) return [...findVersion(installed), ...findEach(installed, 'location', findVersion)]
  return findNeeded(installed, 'location', (location) => [...findMissing(location, ['cpeUri']), ...findVersion(location)])
}
