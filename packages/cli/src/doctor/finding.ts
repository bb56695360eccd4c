/** One thing that was looked at. */
export interface Finding {
  readonly check: string
  readonly level: 'OK' | 'WARN' | 'FAIL'
  readonly finding: string
  /** What to do, where there is something to do. */
  readonly fix?: string
}

/** Something that is as it should be. */
export function ok(check: string, finding: string): Finding {
  return { check, level: 'OK', finding }
}

/** Something that may be meant, and should be known. */
export function warn(check: string, finding: string, fix: string): Finding {
  return { check, level: 'WARN', finding, fix }
}

/** Something that is broken, or will be at the next restart. */
export function fail(check: string, finding: string, fix: string): Finding {
  return { check, level: 'FAIL', finding, fix }
}
