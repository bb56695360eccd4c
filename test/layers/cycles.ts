import { resolveImport } from './arrows.ts'
import type { SourceFile } from './source-file.ts'

/**
 * Finds groups of files that import each other in a circle, types included: the strongly connected components with more
 * than one member (Tarjan 1972), each sorted by path. Empty when every file can be read after those it imports.
 */
export function findCycles(files: readonly SourceFile[]): readonly (readonly string[])[] {
  const graph = new Map(files.map((file) => [file.path, targetsOf(file)]))
  const search = new Search(graph)
  for (const path of graph.keys()) search.visit(path)
  return search.circles
}

function targetsOf(file: SourceFile): readonly string[] {
  return file.imports.flatMap(({ what }) => resolveImport(file.path, what) ?? [])
}

class Search {
  readonly circles: string[][] = []
  readonly #graph: ReadonlyMap<string, readonly string[]>
  readonly #order = new Map<string, number>()
  readonly #stack: string[] = []

  constructor(graph: ReadonlyMap<string, readonly string[]>) {
    this.#graph = graph
  }

  /** Gives the smallest order number that `path` reaches on the stack. */
  visit(path: string): number {
    const known = this.#order.get(path)
    if (known !== undefined) return this.#stack.includes(path) ? known : Number.POSITIVE_INFINITY
    const own = this.#order.size
    this.#order.set(path, own)
    this.#stack.push(path)
    const lowest = (this.#graph.get(path) ?? []).reduce((low, next) => Math.min(low, this.#reach(next)), own)
    if (lowest === own) this.#close(path)
    return lowest
  }

  #reach(path: string): number {
    return this.#graph.has(path) ? this.visit(path) : Number.POSITIVE_INFINITY
  }

  #close(path: string): void {
    const members = this.#stack.splice(this.#stack.indexOf(path))
    if (members.length > 1) this.circles.push(members.sort())
  }
}
