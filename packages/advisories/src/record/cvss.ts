import cvss from 'ae-cvss-calculator'

const { Cvss2, Cvss3P0, Cvss3P1, Cvss4P0 } = cvss

/** A CVSS base score, from 0 to 10, and the generation of the standard that it was reckoned by. */
export interface CvssScore {
  readonly generation: 2 | 3 | 4
  readonly score: number
}

/** Reckons the base score of a CVSS vector of version 2.0, 3.0, 3.1 or 4.0. Undefined for what is no whole vector of these. */
export function scoreCvss(vector: string): CvssScore | undefined {
  if (vector.length > 512) return undefined
  try {
    if (vector.startsWith('CVSS:4.0/')) return scored(4, new Cvss4P0(vector).calculateScores().overall, vector)
    if (vector.startsWith('CVSS:3.1/')) return scored(3, new Cvss3P1(vector).calculateScores().base, vector)
    if (vector.startsWith('CVSS:3.0/')) return scored(3, new Cvss3P0(vector).calculateScores().base, vector)
    return scored(2, new Cvss2(vector).calculateScores().base, vector)
  } catch {
    // The library tells a broken vector by throwing, and by a score that is none: both mean the same here.
    return undefined
  }
}

/** The metrics without which a vector has no base score; the library reckons 0 for a vector that lacks them. */
const REQUIRED = {
  2: ['AV', 'AC', 'Au', 'C', 'I', 'A'],
  3: ['AV', 'AC', 'PR', 'UI', 'S', 'C', 'I', 'A'],
  4: ['AV', 'AC', 'AT', 'PR', 'UI', 'VC', 'VI', 'VA', 'SC', 'SI', 'SA'],
} as const

function scored(generation: CvssScore['generation'], score: number | undefined, vector: string): CvssScore | undefined {
  const metrics = new Set(vector.split('/').map((metric) => metric.split(':')[0]))
  const isWhole = REQUIRED[generation].every((metric) => metrics.has(metric))
  return isWhole && typeof score === 'number' && score >= 0 && score <= 10 ? { generation, score } : undefined
}
