import type { Types } from 'mongoose'
import { type User, UserModel } from '#models/user.server.ts'
import { now } from '../clock.server.ts'
import { DEFAULT_SETTINGS, type NotificationSettings, type OptionalMail } from './settings.ts'

/** A user's settings, with defaults for those never set. */
export function settingsOf({ notificationSettings }: Pick<User, 'notificationSettings'>): NotificationSettings {
  if (!notificationSettings) return DEFAULT_SETTINGS
  const { creditsLow, creditsLowThreshold, creditsArrived, trialEnding } = notificationSettings
  return { creditsLow, creditsLowThreshold, creditsArrived, trialEnding }
}

/** Stores a user's settings. */
export async function saveSettings(userId: Types.ObjectId, settings: NotificationSettings): Promise<void> {
  await UserModel.updateOne({ _id: userId }, { $set: { notificationSettings: { ...settings, changedAt: now() } } })
}

/**
 * Turns one kind of mail off. Safe to repeat, and harmless for a deleted user.
 */
export async function turnOff(userId: Types.ObjectId, mail: OptionalMail): Promise<void> {
  // MongoDB cannot set a field inside null, so a user without settings gets the defaults first.
  await UserModel.updateOne(
    { _id: userId, notificationSettings: null },
    { $set: { notificationSettings: { ...DEFAULT_SETTINGS, changedAt: now() } } },
  )
  await UserModel.updateOne(
    { _id: userId, notificationSettings: { $ne: null } },
    { $set: { [`notificationSettings.${mail}`]: false, 'notificationSettings.changedAt': now() } },
  )
}
