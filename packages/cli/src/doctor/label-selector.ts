import { isJsonObject } from '@countersign/core/json-object.ts'

/**
 * Whether a LabelSelector of Kubernetes takes an object with these labels. Absent or empty takes all; an operator that is
 * not known takes none, so that what cannot be judged is told as unguarded.
 */
export function selects(selector: unknown, labels: Readonly<Record<string, unknown>>): boolean {
  if (!isJsonObject(selector)) return true
  const { matchLabels, matchExpressions } = selector
  const equal = isJsonObject(matchLabels) ? Object.entries(matchLabels).every(([key, value]) => labels[key] === value) : true
  return equal && (Array.isArray(matchExpressions) ? matchExpressions.every((expression) => isMet(expression, labels)) : true)
}

function isMet(expression: unknown, labels: Readonly<Record<string, unknown>>): boolean {
  if (!isJsonObject(expression)) return false
  const { key, operator, values } = expression
  const value = Object.hasOwn(labels, String(key)) ? labels[String(key)] : undefined
  const isListed = Array.isArray(values) && values.includes(value)
  switch (operator) {
    case 'In':
      return value !== undefined && isListed
    case 'NotIn':
      return !isListed
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return false
  }
}
