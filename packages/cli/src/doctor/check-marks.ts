import type { Mark } from '../commands/break-glass/marks.ts'
import { type Finding, ok, warn } from './finding.ts'

/** Beyond this a list is for `break-glass list-marks`. */
const MOST_NAMED = 20

/** Names templates that carry a break-glass mark: each lets in whatever comes. A marked Pod has been let in and is on record. */
export function checkMarks(marks: readonly Mark[]): readonly Finding[] {
  const standing = marks.filter(({ kind }) => kind !== 'Pod')
  if (standing.length === 0) return [ok('break-glass', 'No template carries a mark')]
  const named = standing.slice(0, MOST_NAMED).map(({ namespace, kind, name, mark }) => {
    const fix = `kubectl edit ${kind.toLowerCase()} ${name} -n ${namespace}`
    return warn('break-glass', `The template of ${kind} ${namespace}/${name} carries ${mark}: whatever it names is let in`, fix)
  })
  const more = standing.length - named.length
  return more === 0 ? named : [...named, warn('break-glass', `${more} more templates carry a mark`, 'countersign break-glass list-marks')]
}
