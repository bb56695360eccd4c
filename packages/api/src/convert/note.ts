import type { MessageInitShape } from '@bufbuild/protobuf'
import { create } from '@bufbuild/protobuf'
import { StatusError } from '@countersign/core/status.ts'
import type { Note as NoteV1Beta1 } from '../gen/google/devtools/containeranalysis/v1beta1/grafeas/grafeas_pb.ts'
import { NoteSchema as NoteV1Beta1Schema } from '../gen/google/devtools/containeranalysis/v1beta1/grafeas/grafeas_pb.ts'
import { PackageSchema } from '../gen/google/devtools/containeranalysis/v1beta1/package/package_pb.ts'
import type { Note as NoteV1 } from '../gen/grafeas/v1/grafeas_pb.ts'
import { NoteSchema as NoteV1Schema } from '../gen/grafeas/v1/grafeas_pb.ts'
import { PackageNoteSchema } from '../gen/grafeas/v1/package_pb.ts'
import { downgradeBuildNote, upgradeBuildNote } from './build.ts'
import { downgradeDiscoveryNote, upgradeDiscoveryNote } from './discovery.ts'
import { downgradeKind, upgradeKind } from './kind.ts'
import { recast } from './recast.ts'
import { downgradeVulnerabilityNote, upgradeVulnerabilityNote } from './vulnerability-note.ts'

/** v1beta1 → v1; the stored form is v1. Throws UNIMPLEMENTED for details of a kind that is not kept: half a note would be a lie to whoever reads it back. */
export function upgradeNote(note: NoteV1Beta1): NoteV1 {
  const type = upgradeType(note.type)
  return create(NoteV1Schema, { ...envelopeOf(note), kind: upgradeKind(note.kind), ...(type === undefined ? {} : { type }) })
}

/** v1 → v1beta1. Of a kind that v1beta1 does not know only the envelope remains (§4.5); see each kind for what else is lost. */
export function downgradeNote(note: NoteV1): NoteV1Beta1 {
  const type = downgradeType(note.type)
  return create(NoteV1Beta1Schema, { ...envelopeOf(note), kind: downgradeKind(note.kind), ...(type === undefined ? {} : { type }) })
}

/** Details of a kind that this server does not keep. */
export function notConverted(resource: 'note' | 'occurrence', member: string): StatusError {
  return new StatusError(
    'UNIMPLEMENTED',
    `Cannot store a v1beta1 ${resource} with "${member}": notes and occurrences of that kind are not kept by this server`,
  )
}

/** Mask paths of a v1beta1 note, as v1 has them. */
export function upgradeNoteMask(paths: readonly string[]): readonly string[] {
  return paths.map((path) => path.replace(/^attestation_authority(?=\.|$)/, 'attestation'))
}

function upgradeType(type: NoteV1Beta1['type']): MessageInitShape<typeof NoteV1Schema>['type'] {
  switch (type.case) {
    case undefined:
      return undefined
    case 'attestationAuthority':
      return { case: 'attestation', value: hintOf(type.value) }
    case 'vulnerability':
      return { case: 'vulnerability', value: upgradeVulnerabilityNote(type.value) }
    case 'discovery':
      return { case: 'discovery', value: upgradeDiscoveryNote(type.value) }
    case 'package':
      return { case: 'package', value: recast(PackageSchema, type.value, PackageNoteSchema) }
    case 'build':
      return { case: 'build', value: upgradeBuildNote(type.value) }
    case 'baseImage':
    case 'deployable':
      throw notConverted('note', type.case)
  }
}

/** A package loses the newer layout, which says at the top what distributions say. */
function downgradeType(type: NoteV1['type']): MessageInitShape<typeof NoteV1Beta1Schema>['type'] {
  switch (type.case) {
    case 'attestation':
      return { case: 'attestationAuthority', value: hintOf(type.value) }
    case 'vulnerability':
      return { case: 'vulnerability', value: downgradeVulnerabilityNote(type.value) }
    case 'discovery':
      return { case: 'discovery', value: downgradeDiscoveryNote(type.value) }
    case 'package':
      return { case: 'package', value: recast(PackageNoteSchema, type.value, PackageSchema) }
    case 'build':
      return { case: 'build', value: downgradeBuildNote(type.value) }
    default:
      return undefined
  }
}

type Shared = 'name' | 'shortDescription' | 'longDescription' | 'expirationTime' | 'createTime' | 'updateTime' | 'relatedNoteNames'

function envelopeOf(note: Pick<NoteV1, Shared> & { readonly relatedUrl: readonly { readonly url: string; readonly label: string }[] }) {
  const { name, shortDescription, longDescription, expirationTime, createTime, updateTime, relatedNoteNames } = note
  return {
    name,
    shortDescription,
    longDescription,
    relatedNoteNames: [...relatedNoteNames],
    relatedUrl: note.relatedUrl.map(({ url, label }) => ({ url, label })),
    ...(expirationTime === undefined ? {} : { expirationTime }),
    ...(createTime === undefined ? {} : { createTime }),
    ...(updateTime === undefined ? {} : { updateTime }),
  }
}

function hintOf({ hint }: { readonly hint?: { readonly humanReadableName: string } | undefined }): { hint?: { humanReadableName: string } } {
  return hint === undefined ? {} : { hint: { humanReadableName: hint.humanReadableName } }
}
