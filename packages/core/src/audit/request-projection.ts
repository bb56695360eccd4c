import { formatVisible } from '../admission/visible-text.ts'
import type { ReceiptRequest } from '../admission/receipt.ts'
import type { ContainerType } from '../admission/request.ts'

const LISTS: Readonly<Record<ContainerType, string>> = {
  CONTAINER: 'containers',
  INIT_CONTAINER: 'initContainers',
  EPHEMERAL_CONTAINER: 'ephemeralContainers',
  IMAGE_VOLUME: 'volumes',
}

/**
 * The requested object as the log shows it: kind, names, the break-glass mark, and names and images of the containers.
 * Nothing else of an object ever reaches a log: environment variables, arguments and the last-applied annotation hold
 * secrets. The original logs the whole object; the fields that its filters name stand where it has them (§6.7).
 * A template's mark stands on the object's own metadata, where the documented filter looks.
 */
export function projectRequest(request: ReceiptRequest): Readonly<Record<string, unknown>> {
  const { workload, scope, breakGlass } = request
  const mark = breakGlass === undefined ? {} : { [breakGlass.via === 'LABEL' ? 'labels' : 'annotations']: { [breakGlass.key]: breakGlass.value } }
  return {
    '@type': objectType(request),
    apiVersion: formatVisible(workload.apiVersion),
    kind: formatVisible(workload.kind),
    metadata: {
      ...(workload.name === '' ? {} : { name: formatVisible(workload.name) }),
      ...(workload.generateName === undefined ? {} : { generateName: formatVisible(workload.generateName) }),
      namespace: formatVisible(scope.namespace),
      ...mark,
    },
    ...nestSpec(request.images),
  }
}

/** `core.k8s.io/v1.Pod`, `apps.k8s.io/v1.Deployment`: how Kubernetes' audit entries name a type. */
export function objectType({ workload }: ReceiptRequest): string {
  const { group, version } = splitApiVersion(workload.apiVersion)
  return `${group}.k8s.io/${version}.${formatVisible(workload.kind)}`
}

/** Group and version of an `apiVersion`; the unnamed group is called `core`. */
export function splitApiVersion(apiVersion: string): { readonly group: string; readonly version: string } {
  const shown = formatVisible(apiVersion)
  const slash = shown.indexOf('/')
  return slash === -1 ? { group: 'core', version: shown } : { group: shown.slice(0, slash), version: shown.slice(slash + 1) }
}

/** Builds `spec.template.spec` and so on from the images' own paths, so that each stands where the object has it. */
function nestSpec(images: ReceiptRequest['images']): Readonly<Record<string, unknown>> {
  const [first] = images
  if (first === undefined) return {}
  const list = LISTS[first.containerType]
  const steps = first.fieldPath
    .slice(0, Math.max(0, first.fieldPath.lastIndexOf(`.${list}[`)))
    .split('.')
    .filter((step) => step !== '')
  return steps.reduceRight<Readonly<Record<string, unknown>>>((inner, step) => ({ [step]: inner }), listImages(images))
}

function listImages(images: ReceiptRequest['images']): Readonly<Record<string, readonly unknown[]>> {
  const lists: Record<string, unknown[]> = {}
  for (const image of images) {
    const list = (lists[LISTS[image.containerType]] ??= [])
    const text = formatVisible(image.text)
    list.push({
      ...(image.containerName === undefined ? {} : { name: formatVisible(image.containerName) }),
      image: image.containerType === 'IMAGE_VOLUME' ? { reference: text } : text,
    })
  }
  return lists
}
