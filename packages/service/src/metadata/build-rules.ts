import { quote } from '@countersign/core/quote.ts'
import { findEach, findMissing, findNeeded, MAX_TOLD, within } from './fault.ts'
import type { Message } from './message.ts'
import { isMessage } from './message.ts'

const FORMS = ['provenance', 'intotoProvenance', 'intotoStatement', 'inTotoSlsaProvenanceV1'] as const

/** The faults of a build note (kritis-and-grafeas.md §4.6). */
export function findBuildNoteFaults(note: Message): readonly string[] {
  return findMissing(note, ['builderVersion'])
}

/** The faults of a build occurrence (§4.6). The SLSA form alone is enough; that the reference then asks for `provenance.id` is its mistake. */
export function findBuildFaults(build: Message): readonly string[] {
  if (!FORMS.some((form) => isMessage(build[form]))) return [`one of ${FORMS.join(', ')} is required`]
  const { provenance } = build
  return isMessage(provenance) ? within('provenance.', findProvenanceFaults(provenance)) : []
}

function findProvenanceFaults(provenance: Message): readonly string[] {
  const source = provenance['sourceProvenance']
  const hashes = isMessage(source) && isMessage(source['fileHashes']) ? source['fileHashes'] : {}
  return [
    ...findMissing(provenance, ['id']),
    ...findEach(provenance, 'commands', (command) => findMissing(command, ['name'])),
    ...Object.entries(hashes)
      .slice(0, MAX_TOLD)
      .flatMap(([path, found]) => within(`source_provenance.file_hashes[${quote(path)}].`, findHashFaults(found))),
  ]
}

function findHashFaults(hashes: unknown): readonly string[] {
  return findNeeded(isMessage(hashes) ? hashes : {}, 'fileHash', (hash) => findMissing(hash, ['type', 'value']))
}
