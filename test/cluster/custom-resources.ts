/** A definition that keeps whatever it is given, as those of operators often do, with status and, for a Rollout, scale. */
export function definition(group: string, version: string, kind: string): object {
  const plural = `${kind.toLowerCase()}s`
  const scale = kind === 'Rollout' ? { scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' } } : {}
  const preserved = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  const schema = { type: 'object', properties: { spec: { ...preserved, properties: { replicas: { type: 'integer' } } }, status: preserved } }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
      versions: [{ name: version, served: true, storage: true, schema: { openAPIV3Schema: schema }, subresources: { status: {}, ...scale } }],
    },
  }
}

const podTemplate = (image: string) => ({ metadata: { labels: { app: 'app' } }, spec: { containers: [{ name: 'app', image }] } })

/** An Argo Rollout of one Pod with one container. */
export function rollout(name: string, image: string): object {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name },
    spec: { replicas: 1, selector: { matchLabels: { app: 'app' } }, template: podTemplate(image) },
  }
}

/** A Tekton Pipeline with a task of its own; its second step is filled in by a parameter. */
export function pipeline(name: string, image: string): object {
  const steps = [
    { name: 'build', image },
    { name: 'push', image: '$(params.pusher)' },
    { name: 'sign', ref: { name: 'signing' } },
  ]
  return { apiVersion: 'tekton.dev/v1', kind: 'Pipeline', metadata: { name }, spec: { tasks: [{ name: 'build', taskSpec: { steps } }] } }
}

/** A Knative Service with Cloud Run's annotations. */
export function knativeService(name: string, image: string, annotations: Readonly<Record<string, string>>): object {
  const spec = { template: { spec: { containers: [{ image }] } } }
  return { apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name, annotations }, spec }
}

/** Something that no preset knows. */
export function app(name: string, image: string): object {
  return { apiVersion: 'example.com/v1', kind: 'App', metadata: { name }, spec: { image, sidecars: [{ image }] } }
}
