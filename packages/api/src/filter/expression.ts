/** Names from the top of a resource down; a list index or a quoted key is a name like any other. */
export type FieldPath = readonly string[]

/** `HAS` is written `:`, `MATCHES` `=~`, `NOT_MATCHES` `!~`. */
export type Operator = 'EQ' | 'NE' | 'LT' | 'LE' | 'GT' | 'GE' | 'HAS' | 'MATCHES' | 'NOT_MATCHES'

/** What a field is compared with. Unquoted, a lone `*` behind `:` asks only whether the field is there. */
export interface Literal {
  readonly text: string
  readonly quoted: boolean
}

/** A filter as a tree. `offset` is where its part of the text begins. */
export type Expression =
  | { readonly type: 'AND' | 'OR'; readonly operands: readonly Expression[] }
  | { readonly type: 'NOT'; readonly operand: Expression }
  | { readonly type: 'RESTRICTION'; readonly field: FieldPath; readonly operator: Operator; readonly literal: Literal; readonly offset: number }
  | { readonly type: 'CALL'; readonly name: FunctionName; readonly field: FieldPath; readonly text: string; readonly offset: number }
  /** Text that may stand anywhere in the resource. */
  | { readonly type: 'GLOBAL'; readonly text: string; readonly offset: number }

/** The functions that clients use. */
export type FunctionName = 'has_suffix' | 'has_prefix'
