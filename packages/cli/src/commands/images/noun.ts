import type { Noun } from '../verb.ts'
import { describeImage } from './describe.ts'
import { listTags } from './list-tags.ts'
import { pushImage } from './push.ts'

export const images: Noun = { name: 'images', summary: 'Images in a registry', verbs: [listTags, describeImage, pushImage] }
