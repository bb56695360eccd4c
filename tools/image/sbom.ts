import type { Component } from './component.ts'

/** The media type of a CycloneDX document in JSON. */
export const CYCLONEDX_JSON = 'application/vnd.cyclonedx+json'

/**
 * The SBOM of an image in CycloneDX 1.6. Without time and serial number, which the format allows: the same image has the same SBOM.
 */
export function cycloneDx(image: { readonly name: string; readonly version: string }, components: readonly Component[]): unknown {
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'container', name: image.name, version: image.version } },
    components: components.map(({ name, version, purl, license }) => ({
      type: 'library',
      'bom-ref': purl,
      name,
      version,
      purl,
      ...(license === undefined ? {} : { licenses: [licenseOf(license)] }),
    })),
  }
}

/** An expression is no identifier: CycloneDX tells them apart. */
function licenseOf(license: string): unknown {
  return /[ ()]/.test(license) ? { expression: license } : { license: { id: license } }
}
