/** Many admission whitelist patterns, compiled into one structure. */
export interface CompiledPatterns {
  /** The first pattern (in a stable order) that matches the image text exactly as written, if any. */
  find(imageText: string): string | undefined
}
