import type { Noun } from '../verb.ts'
import { createAttestation } from './create.ts'
import { listAttestations } from './list.ts'
import { signAndCreateAttestation } from './sign-and-create.ts'
import { validateAttestations } from './validate.ts'

export const attestations: Noun = {
  name: 'attestations',
  summary: 'Attestations of images',
  verbs: [createAttestation, signAndCreateAttestation, listAttestations, validateAttestations],
}
