/*
 * A small regular expression engine for filters. A filter comes from a caller and runs over every record, so a pattern that makes
 * JavaScript's own engine go back and forth would stop the server. This one never goes back: it walks all states of the pattern's
 * automaton at once (Thompson's construction), so its cost is at most the length of the text times the size of the pattern.
 */
const MAX_STEPS = 1000
const MAX_TEXT = 65_536

/** What one step of a program does; `next` and `other` are indexes of steps. */
export type Step =
  | { readonly op: 'CHAR'; readonly test: (code: number) => boolean }
  | { readonly op: 'SPLIT'; readonly next: number; readonly other: number }
  | { readonly op: 'JUMP'; readonly next: number }
  | { readonly op: 'START' | 'END' | 'MATCH' }

/** A part of a pattern. */
export type Part =
  | { readonly type: 'CHAR'; readonly test: (code: number) => boolean }
  | { readonly type: 'START' | 'END' }
  | { readonly type: 'SEQUENCE' | 'CHOICE'; readonly parts: readonly Part[] }
  | { readonly type: 'REPEAT'; readonly part: Part; readonly min: number; readonly max: number }

/** Compiles a pattern; undefined where it would have more than 1000 steps. */
export function compilePattern(part: Part): readonly Step[] | undefined {
  const steps: Step[] = []
  const isSmall = emit(part, steps)
  steps.push({ op: 'MATCH' })
  return isSmall ? steps : undefined
}

/** Whether the pattern matches somewhere in the text, of which the first 65,536 characters are looked at. */
export function runPattern(steps: readonly Step[], text: string): boolean {
  const marks = new Uint32Array(steps.length)
  const end = Math.min(text.length, MAX_TEXT)
  let current: number[] = []
  for (let at = 0; at <= end; ) {
    const isAtEnd = at === end
    const reached: number[] = []
    if (follow({ steps, marks, mark: at + 1, isAtStart: at === 0, isAtEnd }, [...current, 0], reached)) return true
    if (isAtEnd) return false
    const code = text.codePointAt(at) ?? 0
    current = reached.filter((index) => testAt(steps, index, code)).map((index) => index + 1)
    at += code > 0xffff ? 2 : 1
  }
  return false
}

function testAt(steps: readonly Step[], index: number, code: number): boolean {
  const step = steps[index]
  return step?.op === 'CHAR' && step.test(code)
}

interface Moment {
  readonly steps: readonly Step[]
  readonly marks: Uint32Array
  readonly mark: number
  readonly isAtStart: boolean
  readonly isAtEnd: boolean
}

/** Collects the CHAR steps that can be reached without reading; true where the pattern's end can. */
function follow({ steps, marks, mark, isAtStart, isAtEnd }: Moment, waiting: number[], reached: number[]): boolean {
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
    const step = steps[index]
    if (step === undefined || marks[index] === mark) continue
    marks[index] = mark
    if (step.op === 'MATCH') return true
    if (step.op === 'CHAR') reached.push(index)
    else if (step.op === 'JUMP') waiting.push(step.next)
    else if (step.op === 'SPLIT') waiting.push(step.other, step.next)
    else if (step.op === 'START' ? isAtStart : isAtEnd) waiting.push(index + 1)
  }
  return false
}

/** Appends the steps of a part; false once there are too many. */
function emit(part: Part, steps: Step[]): boolean {
  if (steps.length > MAX_STEPS) return false
  switch (part.type) {
    case 'CHAR':
      steps.push({ op: 'CHAR', test: part.test })
      return true
    case 'START':
    case 'END':
      steps.push({ op: part.type })
      return true
    case 'SEQUENCE':
      return part.parts.every((one) => emit(one, steps))
    case 'CHOICE':
      return emitChoice(part.parts, steps)
    case 'REPEAT':
      return emitRepeat(part, steps)
  }
}

function emitChoice([first, ...rest]: readonly Part[], steps: Step[]): boolean {
  if (first === undefined) return true
  if (rest.length === 0) return emit(first, steps)
  const split = steps.push({ op: 'JUMP', next: 0 }) - 1
  const isSmall = emit(first, steps)
  const jump = steps.push({ op: 'JUMP', next: 0 }) - 1
  steps[split] = { op: 'SPLIT', next: split + 1, other: steps.length }
  const isRestSmall = isSmall && emitChoice(rest, steps)
  steps[jump] = { op: 'JUMP', next: steps.length }
  return isRestSmall
}

function emitRepeat({ part, min, max }: Part & { readonly type: 'REPEAT' }, steps: Step[]): boolean {
  for (let count = 0; count < min; count++) {
    const before = steps.length
    if (!emit(part, steps)) return false
    // What matches only the empty text needs no repeating, and nested repeats of it would never end.
    if (steps.length === before) return true
  }
  if (max === Number.POSITIVE_INFINITY) return emitOptional(part, steps, 'AGAIN')
  for (let count = min; count < max; count++) if (!emitOptional(part, steps, 'ONCE')) return false
  return true
}

function emitOptional(part: Part, steps: Step[], how: 'AGAIN' | 'ONCE'): boolean {
  const split = steps.push({ op: 'JUMP', next: 0 }) - 1
  const isSmall = emit(part, steps)
  if (how === 'AGAIN') steps.push({ op: 'JUMP', next: split })
  steps[split] = { op: 'SPLIT', next: split + 1, other: steps.length }
  return isSmall
}
