import { type InferSchemaType, Schema } from 'mongoose'
import { defineModel } from './define-model.server.ts'

/** How far a job has come through what changes all the time, for whichever process runs it next. */
const jobCursorSchema = new Schema(
  {
    /** The job's name. */
    _id: { type: String, required: true },
    /** Everything before this has been looked at. */
    at: { type: Date, required: true },
  },
  { collection: 'job_cursors', strict: 'throw', autoIndex: false },
)

export type JobCursor = InferSchemaType<typeof jobCursorSchema>
export const JobCursorModel = defineModel<JobCursor>('JobCursor', jobCursorSchema)
