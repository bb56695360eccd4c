/** Names for the paths of resources that many clusters have; a name stands for what the running version knows of them. */
export type ImagePathPreset = 'argo-rollouts' | 'tekton'

/** What a preset stands for. */
export const IMAGE_PATH_PRESETS: Readonly<Record<ImagePathPreset, readonly string[]>> = {
  'argo-rollouts': [
    'argoproj.io/v1alpha1/Rollout:spec.template.spec@PodSpec',
    'argoproj.io/v1alpha1/Experiment:spec.templates[*].template.spec@PodSpec',
    ...['AnalysisTemplate', 'ClusterAnalysisTemplate', 'AnalysisRun'].map(
      (kind) => `argoproj.io/v1alpha1/${kind}:spec.metrics[*].provider.job.spec.template.spec@PodSpec`,
    ),
  ],
  tekton: ['v1', 'v1beta1'].flatMap((version) => [
    ...taskPaths(`tekton.dev/${version}/Task:spec`),
    ...taskPaths(`tekton.dev/${version}/TaskRun:spec.taskSpec`),
    ...pipelinePaths(`tekton.dev/${version}/Pipeline:spec`),
    ...pipelinePaths(`tekton.dev/${version}/PipelineRun:spec.pipelineSpec`),
    `tekton.dev/${version}/StepAction:spec.image`,
  ]),
}

/** Tells a preset's name from a path. */
export function isImagePathPreset(text: string): text is ImagePathPreset {
  return Object.hasOwn(IMAGE_PATH_PRESETS, text)
}

function taskPaths(spec: string): readonly string[] {
  return ['steps[*].image', 'sidecars[*].image', 'stepTemplate.image'].map((path) => `${spec}.${path}`)
}

function pipelinePaths(spec: string): readonly string[] {
  return ['tasks[*]', 'finally[*]'].flatMap((list) => taskPaths(`${spec}.${list}.taskSpec`))
}
