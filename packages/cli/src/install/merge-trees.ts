import { isJsonObject, type JsonObject } from '@countersign/core/json-object.ts'

/** Lays one tree over another as Helm does: maps are merged, everything else is replaced, and null takes a member away. */
export function mergeTrees(under: JsonObject, over: JsonObject): JsonObject {
  const merged = new Map(Object.entries(under))
  for (const [name, value] of Object.entries(over)) {
    const below = merged.get(name)
    if (value === null) merged.delete(name)
    else merged.set(name, isJsonObject(below) && isJsonObject(value) ? mergeTrees(below, value) : value)
  }
  return Object.fromEntries(merged)
}
