import type { Issue } from '../parsed.ts'

const MAX_ISSUES = 100

/** The issues found while an input is read, at most 100: hostile input must not make a report larger than itself. */
export class IssueList {
  readonly #issues: Issue[] = []

  get isFull(): boolean {
    return this.#issues.length >= MAX_ISSUES
  }

  get all(): readonly Issue[] {
    return this.#issues
  }

  /** Adds an issue; the hundredth says that there may be more, and later ones are dropped. */
  add(path: Issue['path'], message: string): void {
    if (this.isFull) return
    const isLast = this.#issues.length === MAX_ISSUES - 1
    this.#issues.push(
      isLast ? { path: [], message: `There are more than ${MAX_ISSUES - 1} issues: mend the ones before this first` } : { path, message },
    )
  }
}
