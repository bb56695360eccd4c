import type { Noun } from '../verb.ts'
import { keepCertificates } from './keep.ts'
import { rotateCertificates } from './rotate.ts'

export const certificates: Noun = {
  name: 'certificates',
  summary: 'The webhook’s certificates in a cluster',
  verbs: [keepCertificates, rotateCertificates],
}
