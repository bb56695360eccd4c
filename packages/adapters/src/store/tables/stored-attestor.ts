import type { Attestor, AttestorPublicKey, PkixAttestorKey } from '@countersign/core/attestation/attestor.ts'
import { isJsonObject } from '@countersign/core/json-object.ts'
import type { StoredAttestor } from '@countersign/service/policy/ports.ts'
import { attestorName, bodyOf, damaged, noteName, textOf } from '../row.ts'
import type { Schema } from '../schema.ts'

/** The attestor of a row. Columns and body must agree: the columns are what it is found by, the body is what is decided by. */
export function parseAttestor({ name, uid, note, etag, update_time, body }: Omit<Schema['attestor'], 'project'>): StoredAttestor {
  const tree = bodyOf(body, name)
  const keys = tree['publicKeys']
  if (tree['name'] !== name || tree['uid'] !== uid || tree['note'] !== note || !Array.isArray(keys)) throw damaged(name)
  const attestor: Attestor = {
    name: attestorName(name),
    uid,
    note: noteName(note),
    noteUid: textOf(tree['noteUid'], name),
    ...textMember(tree, 'description', name),
    publicKeys: keys.map((key: unknown) => parseKey(key, name)),
  }
  return { attestor, etag, updateTime: update_time }
}

function parseKey(value: unknown, what: string): AttestorPublicKey {
  const key = isJsonObject(value) ? value : {}
  const named = { id: textOf(key['id'], what), ...textMember(key, 'comment', what) }
  switch (key['type']) {
    case 'PGP':
      return { type: 'PGP', ...named, asciiArmored: textOf(key['asciiArmored'], what) }
    case 'PKIX':
      return { type: 'PKIX', ...named, publicKeyPem: textOf(key['publicKeyPem'], what), signatureAlgorithm: algorithmOf(key, what) }
    default:
      throw damaged(what)
  }
}

/** A name that is none of the enum's verifies nothing: whoever checks looks it up in the table of algorithms. */
function algorithmOf(key: Readonly<Record<string, unknown>>, what: string): PkixAttestorKey['signatureAlgorithm'] {
  return textOf(key['signatureAlgorithm'], what) as PkixAttestorKey['signatureAlgorithm']
}

function textMember<M extends string>(tree: Readonly<Record<string, unknown>>, member: M, what: string): { readonly [member in M]?: string } {
  return tree[member] === undefined ? {} : ({ [member]: textOf(tree[member], what) } as { readonly [member in M]: string })
}
