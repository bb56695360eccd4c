import { isJsonObject } from '@countersign/core/json-object.ts'
import type { Exemption } from '@countersign/core/policy/exemption.ts'
import type { StoredExemption } from '@countersign/service/policy/ports.ts'
import { bodyOf, damaged, projectId, textOf } from '../row.ts'
import type { Schema } from '../schema.ts'

/** The exemption of a row: an end that is not there would be none, so nothing is taken for granted. */
export function parseStoredExemption({ project, id, create_time, creator, body }: Schema['exemption']): StoredExemption {
  return { project: projectId(project), exemption: parseExemption(bodyOf(body, id), id), createTime: create_time, creator }
}

function parseExemption(tree: Readonly<Record<string, unknown>>, id: string): Exemption {
  const { expiresAt, namespace } = tree
  if (typeof expiresAt !== 'number' || !Number.isFinite(expiresAt)) throw damaged(id)
  return {
    id,
    subject: parseSubject(tree['subject'], id),
    owner: textOf(tree['owner'], id),
    reason: textOf(tree['reason'], id),
    expiresAt,
    ...(namespace === undefined ? {} : { namespace: textOf(namespace, id) }),
  }
}

function parseSubject(value: unknown, id: string): Exemption['subject'] {
  const { pattern, digest } = isJsonObject(value) ? value : {}
  if (typeof pattern === 'string' && digest === undefined) return { pattern }
  if (typeof digest === 'string' && pattern === undefined) return { digest }
  throw damaged(id)
}
