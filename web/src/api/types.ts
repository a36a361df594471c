/** The wire types that the pages use, by the names of the contract they are generated from. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type ApiKey = Schemas["ApiKey"];
export type ApiKeyPage = Schemas["ApiKeyPage"];
export type Chapters = Schemas["Chapters"];
export type Comment = Schemas["Comment"];
export type CommentPage = Schemas["CommentPage"];
export type CommentSettings = Schemas["CommentSettings"];
export type CommentSettingsChange = Schemas["CommentSettingsChange"];
export type CreatedApiKey = Schemas["CreatedApiKey"];
export type Download = Schemas["Download"];
export type Downloads = Schemas["Downloads"];
export type Encoding = Schemas["Encoding"];
/** The media types that an upload may have. */
export type FileType = Schemas["NewUpload"]["filetype"];
export type HistoryPage = Schemas["HistoryPage"];
export type ImportProgress = Schemas["ImportProgress"];
export type Invitation = Schemas["TeamInvitation"];
export type InvitationShown = Schemas["InvitationShown"];
export type Member = Schemas["Member"];
export type MemberPage = Schemas["MemberPage"];
export type NewApiKey = Schemas["NewApiKey"];
export type NewClip = Schemas["NewClip"];
export type NewImport = Schemas["NewImport"];
export type NewUpload = Schemas["NewUpload"];
export type Playback = Schemas["Playback"];
export type PlaybackToken = Schemas["PlaybackToken"];
export type Profile = Schemas["Profile"];
export type Problem = Schemas["Problem"];
export type RenditionProgress = Schemas["RenditionProgress"];
export type ReplyPage = Schemas["ReplyPage"];
export type ReviewedComment = Schemas["ReviewedComment"];
export type ReviewPage = Schemas["ReviewPage"];
export type Session = Schemas["Session"];
export type SessionPage = Schemas["SessionPage"];
export type SentInvitation = Schemas["SentInvitation"];
export type SignedParts = Schemas["SignedParts"];
export type Storyboard = Schemas["Storyboard"];
export type Team = Schemas["Team"];
export type TeamRole = Member["role"];
export type TextTracks = Schemas["TextTracks"];
export type Tokens = Schemas["Tokens"];
export type Transcript = Schemas["Transcript"];
export type TranscriptLine = Schemas["TranscriptLine"];
export type UploadStarted = Schemas["UploadStarted"];
export type Usage = Schemas["Usage"];
export type User = Schemas["User"];
export type Video = Schemas["Video"];
export type VideoChange = Schemas["VideoChange"];
export type VideoCounts = Schemas["VideoCounts"];
export type VideoPage = Schemas["VideoPage"];
export type VideoSummary = Schemas["VideoSummary"];
export type WatchedVideo = Schemas["WatchedVideo"];
export type Visibility = Video["visibility"];
/** What a video can be made without a password. */
export type VisibilityChoice = NonNullable<VideoChange["visibility"]>;
