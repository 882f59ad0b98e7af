import type { Types } from 'mongoose'
import { UserModel } from '#models/user.server.ts'
import type { Profile } from './profile.ts'

/** Stores a user's profile. */
export async function updateProfile(userId: Types.ObjectId, { name, timeZone }: Profile): Promise<void> {
  await UserModel.updateOne({ _id: userId }, { $set: { name, timeZone } })
}
