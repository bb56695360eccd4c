import type { SignatureAlgorithm } from '@countersign/core/attestation/algorithm.ts'

/** How an algorithm signs, and which keys it takes. Node's names. */
export type SignatureScheme =
  | { readonly family: 'RSA_PSS' | 'RSA_PKCS1'; readonly modulusBits: number; readonly hash: string; readonly hashBytes: number }
  | { readonly family: 'ECDSA'; readonly curve: string; readonly hash: string }
  | { readonly family: 'ML_DSA'; readonly keyType: string }

/** Every algorithm that a key can declare. */
export type DeclaredAlgorithm = Exclude<SignatureAlgorithm, 'SIGNATURE_ALGORITHM_UNSPECIFIED'>

/** The table of binary-authorization.md §2.2: what each declared algorithm means. Key type, curve and size must all match it. */
export const SCHEMES: Readonly<Record<DeclaredAlgorithm, SignatureScheme>> = {
  RSA_PSS_2048_SHA256: { family: 'RSA_PSS', modulusBits: 2048, hash: 'sha256', hashBytes: 32 },
  RSA_PSS_3072_SHA256: { family: 'RSA_PSS', modulusBits: 3072, hash: 'sha256', hashBytes: 32 },
  RSA_PSS_4096_SHA256: { family: 'RSA_PSS', modulusBits: 4096, hash: 'sha256', hashBytes: 32 },
  RSA_PSS_4096_SHA512: { family: 'RSA_PSS', modulusBits: 4096, hash: 'sha512', hashBytes: 64 },
  RSA_SIGN_PKCS1_2048_SHA256: { family: 'RSA_PKCS1', modulusBits: 2048, hash: 'sha256', hashBytes: 32 },
  RSA_SIGN_PKCS1_3072_SHA256: { family: 'RSA_PKCS1', modulusBits: 3072, hash: 'sha256', hashBytes: 32 },
  RSA_SIGN_PKCS1_4096_SHA256: { family: 'RSA_PKCS1', modulusBits: 4096, hash: 'sha256', hashBytes: 32 },
  RSA_SIGN_PKCS1_4096_SHA512: { family: 'RSA_PKCS1', modulusBits: 4096, hash: 'sha512', hashBytes: 64 },
  ECDSA_P256_SHA256: { family: 'ECDSA', curve: 'prime256v1', hash: 'sha256' },
  ECDSA_P384_SHA384: { family: 'ECDSA', curve: 'secp384r1', hash: 'sha384' },
  ECDSA_P521_SHA512: { family: 'ECDSA', curve: 'secp521r1', hash: 'sha512' },
  // Pure mode: the payload itself is signed, without a hash before it.
  ML_DSA_65: { family: 'ML_DSA', keyType: 'ml-dsa-65' },
}

/** Names that the enum also allows; the canonical one is returned (binary-authorization.md §2.2). */
const ALIASES: Readonly<Record<string, DeclaredAlgorithm>> = {
  RSA_SIGN_PSS_2048_SHA256: 'RSA_PSS_2048_SHA256',
  RSA_SIGN_PSS_3072_SHA256: 'RSA_PSS_3072_SHA256',
  RSA_SIGN_PSS_4096_SHA256: 'RSA_PSS_4096_SHA256',
  RSA_SIGN_PSS_4096_SHA512: 'RSA_PSS_4096_SHA512',
  EC_SIGN_P256_SHA256: 'ECDSA_P256_SHA256',
  EC_SIGN_P384_SHA384: 'ECDSA_P384_SHA384',
  EC_SIGN_P521_SHA512: 'ECDSA_P521_SHA512',
  // Cloud KMS' name, which gcloud maps (binary-authorization.md §2.2).
  PQ_SIGN_ML_DSA_65: 'ML_DSA_65',
}

/**
 * The canonical name of an algorithm, from any spelling in use: the enum's names and aliases, and gcloud's and kritis' flag values
 * (lower case with dashes, `rsa-pss-4096s-ha256` included, which is how kritis spells it). Undefined for anything else.
 */
export function parseSignatureAlgorithm(name: string): DeclaredAlgorithm | undefined {
  const key = name.toUpperCase().replaceAll('-', '_').replace('4096S_HA256', '4096_SHA256')
  if (Object.hasOwn(SCHEMES, key)) return key as DeclaredAlgorithm
  return Object.hasOwn(ALIASES, key) ? ALIASES[key] : undefined
}
