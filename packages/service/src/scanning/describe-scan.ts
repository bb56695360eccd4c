import { findCpe } from './cpe.ts'
import type { FoundIssue, FoundVulnerability, ScanResult } from './judge-listing.ts'
import type { ListedPackage } from './listing.ts'
import type { StoredTree } from './ports.ts'

/** The notes that scans hang on (kritis-and-grafeas.md §5.1; DESIGN §13). */
export const DISCOVERY_NOTE = 'projects/goog-analysis/notes/PACKAGE_VULNERABILITY'
export const PACKAGE_NOTE = 'projects/goog-analysis/notes/PACKAGE'

/** By this our own findings are told from those of other scanners, which we never touch. */
const OURS = 'Found by Countersign: '
const MAX_TEXT = 4000
const MAX_PLACES = 20

/** The note of a vulnerability, which all images share. */
export function noteOf({ id, summary, details, severity, references, cvss, published, issues }: FoundVulnerability): StoredTree {
  return {
    shortDescription: id,
    longDescription: cut(details || summary),
    relatedUrl: references.slice(0, MAX_PLACES).map((url) => ({ url })),
    vulnerability: {
      severity,
      ...(cvss === undefined ? {} : { cvssScore: cvss.score, cvssVersion: `CVSS_VERSION_${cvss.generation}` }),
      details: issues.map(({ package: affectedPackage, effectiveSeverity, packageType }) => ({
        affectedCpeUri: 'cpe:/',
        affectedPackage,
        packageType,
        severityName: effectiveSeverity,
      })),
      ...(published === undefined ? {} : { advisoryPublishTime: published }),
    },
  }
}

/** The occurrence of a vulnerability in one image (§5.2). */
export function findingOccurrence(finding: FoundVulnerability, { listing }: ScanResult, resourceUri: string): StoredTree {
  const { id, noteName, effectiveSeverity, severity, cvss, issues, details, references } = finding
  const cpe = findCpe(listing.distribution)
  return {
    noteName,
    resourceUri,
    vulnerability: {
      shortDescription: id,
      longDescription: cut(cvss === undefined ? details : `CVSS vector: ${cvss.vector}`),
      ...(cvss === undefined ? {} : { cvssScore: cvss.score, cvssVersion: `CVSS_VERSION_${cvss.generation}` }),
      severity,
      effectiveSeverity,
      fixAvailable: issues.some(({ fix }) => fix.state !== 'NONE'),
      relatedUrls: references.slice(0, MAX_PLACES).map((url) => ({ url })),
      packageIssue: issues.map((issue) => issueTree(issue, cpe, listing.layers)),
      extraDetails: cut(`${OURS}${issues.flatMap(({ explanations }) => explanations).join('; ')}`),
    },
  }
}

/** Whether an occurrence of a vulnerability is one that we wrote. */
export function isOurs(occurrence: StoredTree): boolean {
  const details = occurrence['vulnerability']
  return typeof details === 'object' && details !== null && String((details as StoredTree)['extraDetails']).startsWith(OURS)
}

/** The occurrence of a package, or of one file's version of it. */
export function packageOccurrence(listed: ListedPackage, { listing }: ScanResult, resourceUri: string): StoredTree {
  const { name, version, type, architecture, license, filePath } = listed
  return {
    noteName: PACKAGE_NOTE,
    resourceUri,
    package: {
      name,
      packageType: type,
      cpeUri: findCpe(listing.distribution),
      version: { kind: 'NORMAL', name: version, fullName: version },
      ...(architecture === 'amd64' || architecture === 'x86_64' ? { architecture: 'X64' } : architecture === 'i386' ? { architecture: 'X86' } : {}),
      ...(license === undefined ? {} : { license: { comments: license.slice(0, 256) } }),
      location: [{ cpeUri: findCpe(listing.distribution), version: { kind: 'NORMAL', name: version, fullName: version }, path: filePath }],
    },
  }
}

function issueTree(
  { package: name, version, packageType, effectiveSeverity, fix, installed }: FoundIssue,
  cpe: string,
  layers: readonly string[],
): StoredTree {
  const fixed =
    fix.state === 'AVAILABLE'
      ? { fixedPackage: name, fixedCpeUri: cpe, fixAvailable: true, fixedVersion: { kind: 'NORMAL', name: fix.version, fullName: fix.version } }
      : { fixedVersion: { kind: 'MAXIMUM' } }
  return {
    affectedPackage: name,
    affectedCpeUri: cpe,
    affectedVersion: { kind: 'NORMAL', name: version, fullName: version },
    ...fixed,
    effectiveSeverity,
    packageType,
    fileLocation: [...new Map(installed.filter(({ filePath }) => filePath !== '').map((place) => [place.filePath, place])).values()]
      .slice(0, MAX_PLACES)
      .map(({ filePath, layer }) => ({
        filePath,
        ...(layer === undefined ? {} : { layerDetails: { index: layer, ...(layers[layer] === undefined ? {} : { diffId: layers[layer] }) } }),
      })),
  }
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text
}
