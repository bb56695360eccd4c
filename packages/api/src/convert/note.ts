import { create } from '@bufbuild/protobuf'
import { StatusError } from '@countersign/core/status.ts'
import { NoteKind as KindV1Beta1 } from '../gen/google/devtools/containeranalysis/v1beta1/common/common_pb.ts'
import type { Note as NoteV1Beta1 } from '../gen/google/devtools/containeranalysis/v1beta1/grafeas/grafeas_pb.ts'
import { NoteSchema as NoteV1Beta1Schema } from '../gen/google/devtools/containeranalysis/v1beta1/grafeas/grafeas_pb.ts'
import { NoteKind as KindV1 } from '../gen/grafeas/v1/common_pb.ts'
import type { Note as NoteV1 } from '../gen/grafeas/v1/grafeas_pb.ts'
import { NoteSchema as NoteV1Schema } from '../gen/grafeas/v1/grafeas_pb.ts'

/**
 * v1beta1 → v1; the stored form is v1. Throws UNIMPLEMENTED for details other than an attestation authority: half a note would
 * be a lie to whoever reads it back.
 */
export function upgradeNote(note: NoteV1Beta1): NoteV1 {
  const { type } = note
  if (type.case !== undefined && type.case !== 'attestationAuthority') throw notConverted('note', type.case)
  return create(NoteV1Schema, {
    ...envelopeOf(note),
    kind: upgradeKind(note.kind),
    ...(type.case === undefined ? {} : { type: { case: 'attestation', value: hintOf(type.value) } }),
  })
}

/** v1 → v1beta1. Details other than an attestation authority are left out, and so is a kind that v1beta1 does not know (§4.5). */
export function downgradeNote(note: NoteV1): NoteV1Beta1 {
  const { type } = note
  return create(NoteV1Beta1Schema, {
    ...envelopeOf(note),
    kind: downgradeKind(note.kind),
    ...(type.case === 'attestation' ? { type: { case: 'attestationAuthority', value: hintOf(type.value) } } : {}),
  })
}

/** Kinds are converted by name: from 8 on the numbers differ between the versions (kritis-and-grafeas.md §4.3). */
export function upgradeKind(kind: KindV1Beta1): KindV1 {
  return KIND_PAIRS.find(([, beta]) => beta === kind)?.[0] ?? KindV1.NOTE_KIND_UNSPECIFIED
}

/** The v1beta1 kind of the same name, else unspecified. */
export function downgradeKind(kind: KindV1): KindV1Beta1 {
  return KIND_PAIRS.find(([v1]) => v1 === kind)?.[1] ?? KindV1Beta1.NOTE_KIND_UNSPECIFIED
}

/** Details that this server does not hold in v1beta1's form. */
export function notConverted(resource: 'note' | 'occurrence', member: string): StatusError {
  return new StatusError(
    'UNIMPLEMENTED',
    `Cannot store a v1beta1 ${resource} with "${member}": v1beta1 is served for attestations, use v1 for other kinds`,
  )
}

/** Mask paths of a v1beta1 note, as v1 has them. */
export function upgradeNoteMask(paths: readonly string[]): readonly string[] {
  return paths.map((path) => path.replace(/^attestation_authority(?=\.|$)/, 'attestation'))
}

const KIND_PAIRS: readonly (readonly [KindV1, KindV1Beta1])[] = [
  [KindV1.VULNERABILITY, KindV1Beta1.VULNERABILITY],
  [KindV1.BUILD, KindV1Beta1.BUILD],
  [KindV1.IMAGE, KindV1Beta1.IMAGE],
  [KindV1.PACKAGE, KindV1Beta1.PACKAGE],
  [KindV1.DEPLOYMENT, KindV1Beta1.DEPLOYMENT],
  [KindV1.DISCOVERY, KindV1Beta1.DISCOVERY],
  [KindV1.ATTESTATION, KindV1Beta1.ATTESTATION],
]

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
