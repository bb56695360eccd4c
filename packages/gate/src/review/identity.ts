/** What an answer must repeat of a review, so that the API server takes it as the answer and not as a failed call. */
export type ReviewIdentity =
  | { readonly kind: 'AdmissionReview'; readonly apiVersion: string; readonly uid: string }
  | { readonly kind: 'ImageReview'; readonly apiVersion: string }

export const ADMISSION_API = 'admission.k8s.io/v1'
export const IMAGE_API = 'imagepolicy.k8s.io/v1alpha1'

const HEAD_BYTES = 4096
const ADMISSION_UID = /"request"\s*:\s*\{\s*"uid"\s*:\s*"([A-Za-z0-9-]{1,128})"/
const ANY_UID = /"uid"\s*:\s*"([A-Za-z0-9-]{1,128})"/
/** Only the body's own first members: a label `kind: ImageReview` on a Pod must not choose the form of the answer. */
const IMAGE_KIND = /^[^{]{0,8}\{\s*(?:"apiVersion"\s*:\s*"[^"\\]{0,100}"\s*,\s*)?"kind"\s*:\s*"ImageReview"/

/**
 * Finds in the first bytes of a body that cannot be read whole what a refusal must repeat: API servers write the uid first.
 * It is used to refuse and for nothing else. Undefined where there is none: such a body no API server wrote.
 */
export function findIdentity(bytes: Uint8Array): ReviewIdentity | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, HEAD_BYTES)).toString('latin1')
  if (IMAGE_KIND.test(head)) return { kind: 'ImageReview', apiVersion: IMAGE_API }
  const uid = (ADMISSION_UID.exec(head) ?? ANY_UID.exec(head))?.[1]
  return uid === undefined ? undefined : { kind: 'AdmissionReview', apiVersion: ADMISSION_API, uid }
}
