import type { Severity } from '@countersign/core/vulnerability/severity.ts'
import type { Ecosystem } from '../ecosystem.ts'

/** One record of a feed: a vulnerability, and the packages and versions that have it. */
export interface Advisory {
  /** As the feed has it: `GO-2023-1571`, `DSA-5678-1`, `CVE-2024-3094`. */
  readonly id: string
  readonly aliases: readonly string[]
  readonly summary: string
  readonly details: string
  readonly published?: string
  /** Where the feed says when the record last changed. */
  readonly modified?: string
  /** Since when the record is void: it matches nothing, and what it found is withdrawn. */
  readonly withdrawn?: string
  readonly references: readonly string[]
  readonly affected: readonly AffectedPackage[]
  /** CVSS vectors as published, whichever version. */
  readonly cvssVectors: readonly string[]
  /** The feed's own word for the whole record. */
  readonly rating?: Severity
}

/** A package that a record names. */
export interface AffectedPackage {
  readonly ecosystem: Ecosystem
  readonly name: string
  /** Where in the order of versions the vulnerability is. */
  readonly ranges: readonly AffectedRange[]
  /** Versions that are affected one by one. */
  readonly versions: readonly string[]
  readonly rating?: Severity
}

/** From `introduced` (`0` is the beginning of time) on, until its end. */
export interface AffectedRange {
  readonly introduced: string
  readonly end: RangeEnd
}

/** FIXED: that version is good. LAST_AFFECTED: that version is still bad. OPEN: nobody published an end. */
export type RangeEnd = { readonly kind: 'FIXED' | 'LAST_AFFECTED'; readonly version: string } | { readonly kind: 'OPEN' }

/** The name under which people look a vulnerability up: its CVE, else its GHSA, else the record's own id (kritis-and-grafeas.md §5.2). */
export function primaryId({ id, aliases }: Pick<Advisory, 'id' | 'aliases'>): string {
  const names = [id, ...aliases]
  return names.find((name) => name.startsWith('CVE-')) ?? names.find((name) => name.startsWith('GHSA-')) ?? id
}
