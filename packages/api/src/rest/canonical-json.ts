import type { DescField, DescMessage } from '@bufbuild/protobuf'
import { ScalarType } from '@bufbuild/protobuf'
import { isJsonObject } from '@countersign/core/json-object.ts'
import type { Issue } from '@countersign/core/parsed.ts'

type Path = Issue['path']

/**
 * Brings the JSON of a message to the one spelling that protobuf-es reads, and tells every member that is wrong, with its
 * path: unknown fields, a field in both spellings, wrong JSON types, unknown enum names. snake_case and camelCase names are
 * both right, in field masks too (dependencies.md §1.3: Google's clients send `short_description`). Values that need more
 * than a look (times, base64, number ranges) are left to protobuf-es.
 */
export function canonicalJson(message: DescMessage, tree: unknown, path: Path, issues: Issue[]): unknown {
  if (tree === null) return null
  if (message.typeName.startsWith('google.protobuf.')) return canonicalWellKnown(message, tree)
  if (!isJsonObject(tree)) return wrong(issues, path, `expected an object (${message.typeName}), found ${show(tree)}`)
  const fields = new Map<string, unknown>()
  for (const [name, value] of Object.entries(tree)) {
    const field = findField(message, name)
    if (field === undefined) wrong(issues, [...path, name], `unknown field, ${message.typeName} has none of this name`)
    else if (fields.has(field.jsonName)) wrong(issues, [...path, name], `given twice, as ${field.name} and as ${field.jsonName}`)
    else fields.set(field.jsonName, canonicalField(field, value, [...path, name], issues))
  }
  return Object.fromEntries(fields)
}

/** A field of a message by its proto name or its JSON name. */
export function findField(message: DescMessage, name: string): DescField | undefined {
  return message.fields.find((field) => field.name === name || field.jsonName === name)
}

/** A field mask's text in the spelling of proto3 JSON: `short_description,a.b` → `shortDescription,a.b`. */
export function canonicalFieldMask(text: string): string {
  return text.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

function canonicalWellKnown(message: DescMessage, tree: unknown): unknown {
  return message.typeName === 'google.protobuf.FieldMask' && typeof tree === 'string' ? canonicalFieldMask(tree) : tree
}

function canonicalField(field: DescField, value: unknown, path: Path, issues: Issue[]): unknown {
  if (value === null) return null
  if (field.fieldKind === 'list') {
    if (!Array.isArray(value)) return wrong(issues, path, `expected a list, found ${show(value)}`)
    const items: readonly unknown[] = value
    return items.map((item, index) => canonicalElement(field, item, [...path, index], issues))
  }
  if (field.fieldKind === 'map') {
    if (!isJsonObject(value)) return wrong(issues, path, `expected an object, found ${show(value)}`)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, canonicalElement(field, item, [...path, key], issues)]))
  }
  return canonicalElement(field, value, path, issues)
}

function canonicalElement(field: DescField, value: unknown, path: Path, issues: Issue[]): unknown {
  if (field.message !== undefined) return canonicalJson(field.message, value, path, issues)
  if (field.enum !== undefined) return canonicalEnum(field.enum, value, path, issues)
  const { types, words } = expectedType(field.scalar)
  return types.includes(typeof value) ? value : wrong(issues, path, `expected ${words}, found ${show(value)}`)
}

function canonicalEnum(desc: NonNullable<DescField['enum']>, value: unknown, path: Path, issues: Issue[]): unknown {
  if (desc.typeName === 'google.protobuf.NullValue') return value
  const number = Number.isInteger(value) && desc.value[value as number] !== undefined
  if (number || desc.values.some(({ name }) => name === value)) return value
  const names = desc.values.filter((item) => item.number !== 0).map(({ name }) => name)
  return wrong(issues, path, `found ${show(value)}, expected ${names.slice(0, 20).join(', ')}`)
}

function expectedType(scalar: ScalarType | undefined): { readonly types: readonly string[]; readonly words: string } {
  if (scalar === ScalarType.BOOL) return { types: ['boolean'], words: 'true or false' }
  if (scalar === ScalarType.STRING) return { types: ['string'], words: 'a text' }
  if (scalar === ScalarType.BYTES) return { types: ['string'], words: 'base64 in a text' }
  return { types: ['number', 'string'], words: 'a number' }
}

function wrong(issues: Issue[], path: Path, message: string): undefined {
  issues.push({ path, message })
  return undefined
}

function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' && value !== null ? 'an object' : JSON.stringify(value).slice(0, 100)
}
