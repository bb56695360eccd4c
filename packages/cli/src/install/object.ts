import type { Installation } from './values.ts'

/** An object of Kubernetes, as it is applied. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly [member: string]: unknown
}

/** By which `uninstall` finds what an installation made. */
export const PART_OF = { 'app.kubernetes.io/part-of': 'countersign' } as const

/** The labels of every object of an installation. */
export function labelsOf({ namespace }: Installation): Readonly<Record<string, string>> {
  return { ...PART_OF, 'app.kubernetes.io/instance': namespace }
}

/** The labels by which a part's Pods are found. They never change: selectors cannot. */
export function selectorOf(installation: Installation, component: 'certificates' | Installation['values']['mode']): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/name': installation.values.names.base, 'app.kubernetes.io/component': component }
}

/** Metadata of an object in the installation's namespace. */
export function namespaced(installation: Installation, name: string): KubernetesObject['metadata'] {
  return { name, namespace: installation.namespace, labels: labelsOf(installation) }
}
