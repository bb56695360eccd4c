import { runStep } from './steps.mjs'
import { runTests } from './test-run.mjs'

/**
 * Collects what passed, failed and was skipped over a whole run, and prints it. Every part prints one line with its time
 * when it ends; failures and skips are told together at the end, and the count is the last line, alone.
 */
export class Tally {
  #passed = 0
  #failures = []
  #skips = []

  /** Runs a step of `steps.mjs`; it counts as one. */
  async step(step) {
    const started = Date.now()
    const result = await runStep(step)
    if (result === undefined) return
    if (result.ok) this.#passed += 1
    else this.#failures.push({ name: step.name, file: '', error: result.output })
    printLine(step.name, result.ok, '', started)
  }

  /** Runs a group of `test-run.mjs`. */
  async tests(group) {
    const started = Date.now()
    const { passed, failures, skips } = await runTests(group)
    this.#passed += passed
    this.#failures.push(...failures)
    this.#skips.push(...skips)
    printLine(group.title, failures.length === 0, `${passed + failures.length} tests`, started)
  }

  /** Counts something that could not be tried. */
  skip(name, reason) {
    this.#skips.push({ name, file: '', reason })
  }

  /** Counts something that broke before a test could say so. */
  fail(name, error) {
    this.#failures.push({ name, file: '', error })
  }

  /**
   * Prints failures, skips by reason, and the count line.
   *
   * @returns {number} the exit code: 0 only if something ran, or was skipped for a reason that is told, and nothing failed
   */
  finish() {
    for (const failure of this.#failures) printFailure(failure)
    for (const [reason, skips] of Map.groupBy(this.#skips, (skip) => skip.reason || 'no reason given')) printSkips(reason, skips)
    const failed = this.#failures.length
    const ended = this.#passed + failed + this.#skips.length
    if (ended === 0) process.stdout.write('\nNothing ran: no test file was found\n')
    process.stdout.write(`\n${this.#passed} passed, ${failed} failed, ${this.#skips.length} skipped\n`)
    return failed === 0 && ended > 0 ? 0 : 1
  }
}

function printLine(name, ok, detail, started) {
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  process.stdout.write(`${name.padEnd(20)} ${(ok ? 'ok' : 'FAILED').padEnd(8)} ${detail.padEnd(12)} ${seconds.padStart(6)} s\n`)
}

function printFailure({ name, file, line, error }) {
  const place = file === '' ? '' : ` (${file}${line === undefined ? '' : `:${line}`})`
  process.stdout.write(`\nFAILED ${name}${place}\n${indent(error)}\n`)
}

function printSkips(reason, skips) {
  process.stdout.write(`\nskipped, ${reason}:\n`)
  for (const { name, file } of skips) process.stdout.write(`  ${name}${file === '' ? '' : ` (${file})`}\n`)
}

function indent(text) {
  return text.trimEnd().replace(/^/gm, '  ')
}
