import { type Api, pathOf, textIn, type Tree } from '../../connection/api.ts'
import type { Authority } from './authority.ts'

/** The attestations that hang on an attestor's note, of one digest where it is given. */
export async function findAttestations(api: Api, { note }: Pick<Authority, 'note'>, digest?: string): Promise<readonly Tree[]> {
  const filter = digest === undefined ? undefined : `has_suffix(resourceUrl, "@${digest}")`
  return onlyAttestations(await api.list(pathOf('/v1', note, '/occurrences'), 'occurrences', { query: { filter } }))
}

/** Every attestation that is stored in a project. */
export async function findAttestationsIn(api: Api, project: string, digest?: string): Promise<readonly Tree[]> {
  const filter = digest === undefined ? undefined : `has_suffix(resourceUrl, "@${digest}")`
  return onlyAttestations(await api.list(pathOf('/v1', `projects/${project}/occurrences`), 'occurrences', { query: { filter } }))
}

/** As the original's tool, which asks for every kind and shows this one. */
function onlyAttestations(occurrences: readonly Tree[]): readonly Tree[] {
  return occurrences.filter((occurrence) => textIn(occurrence, 'kind') === 'ATTESTATION')
}
