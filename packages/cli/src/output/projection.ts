/**
 * Picks a field out of a plain JSON tree by a path as in gcloud's formats: `name`, `image.digest`, `publicKeys[].id`.
 * Lists on the way fan out. Gives every value found, none where the field is absent.
 */
export function project(tree: unknown, path: string): readonly unknown[] {
  const steps = path.split('.').flatMap((step) => step.replace(/\[\]$/, '\u0000[]').split('\u0000'))
  return steps.reduce<readonly unknown[]>((values, step) => values.flatMap((value) => stepInto(value, step)), [tree])
}

function stepInto(value: unknown, step: string): readonly unknown[] {
  if (step === '[]') return Array.isArray(value) ? value : []
  if (Array.isArray(value)) return value.flatMap((item) => stepInto(item, step))
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return []
  return [(value as Readonly<Record<string, unknown>>)[step]]
}

/** A value as one cell of text: texts as they are, the rest as JSON. */
export function cellOf(values: readonly unknown[]): string {
  return values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(';')
}
