# What a person reads in the chat. The tone follows pt-BR.

## Signs of life
received = Got it. Watching it for you.
received-audio = Got it. Listening to it for you.
part-of = { $n } of { $of }

## Conversation
help = Hi! Send me an Instagram reel or post (share it here or paste the link) and I send back the video with a summary of what it says. Audio and video sent directly work too.
too-many-links =
    { $left ->
        [one] I am taking the first { $taken } for now; 1 is left. Send it again when I am done.
       *[other] I am taking the first { $taken } for now; { $left } are left. Send them again when I am done.
    }
quota-used = You have used your { $limit } for today. It starts again at midnight, in { $wait }.
quota-partly =
    { $left ->
        [one] Your limit for today ({ $limit }) ran out halfway: 1 is left out. It starts again at midnight, in { $wait }.
       *[other] Your limit for today ({ $limit }) ran out halfway: { $left } are left out. It starts again at midnight, in { $wait }.
    }
wait-hours =
    { $n ->
        [one] about 1 hour
       *[other] about { $n } hours
    }
wait-minutes =
    { $n ->
        [one] 1 minute
       *[other] { $n } minutes
    }
unsupported-profile = That link is a profile. Send me one of its reels or posts and I will watch it.
unsupported-hashtag = That link is a hashtag. Pick a reel or a post from there and send it to me.
unsupported-story = I cannot open story links. Send me a reel or a post, or the video itself.
unsupported-message = I cannot open that message. Send me a reel, a post, a video or a voice note.

## The answer
excerpts = Key excerpts (offline mode):
caption-only = The audio was not heard this time; going by its caption:
music-only = This one is only music. Going by its caption:
music-no-caption = This one is only music, and it came without a caption.
silent = This one has no sound. Going by its caption:
silent-no-caption = This one has no sound and no caption.
picture-caption = From the caption:
nothing-said = I found no speech and no caption here.
unsure = The audio was hard to hear (uncertain transcript); check before you rely on it.
credit = By @{ $author }
file-link = The whole video stays here until { $until }: { $url }
preview = The video does not fit here even compressed; here is a silent preview.
too-big = The video does not fit here even compressed; here is the summary.
no-file = The video could not be converted here; here is the summary.
picture-too-big = One of the pictures did not fit here; the others are above.

## When it does not work: what happened, then what to do
failed-private = That account is private. Share the reel with me directly and I can open it.
failed-removed = That post was deleted or taken down. If you still see it, share it with me directly.
failed-login_required = Instagram shows that post only to people who are logged in. Share the reel with me directly and I can open it.
failed-rate_limited = Instagram is asking me to slow down. Try again in an hour, or share the reel with me directly.
failed-geo = That video is not shown in the country where I run. If you can see it, share it with me directly.
failed-network = I could not download the video: the connection dropped a few times. Send it again in a little while, or share the reel with me directly.
failed-too_large = That video is too large for me. Send me a shorter piece, or the link of another post.
failed-too_long = That video is too long for me. Send me one of up to { $minutes } minutes.
failed-not_a_video = There is no video or picture I can open at that link. Check that it is a reel or a post.
failed-ambiguous = I could not open it: it may be private, deleted or restricted. Share the reel with me directly, that usually works.
failed-bad_link = That link does not lead to an Instagram post. Copy it again from the share button.
failed-hostile = That file does not look like an ordinary video, so I did not open it. Try another one, or send me the link of the post.
failed-misconfigured = I had a problem on my side. It is noted; try again later.
failed-picture = That is a picture, and I need a video or a voice note. Reels and posts work too.
failed-internal = Something went wrong on my side and I could not finish this one. Try again later; it does not count towards your limit.

## The first words
help-more = I also understand: history, “find the one about bread”, quota, language, transcript, audio only, summary in Spanish, try again, stop and forget me.
help-more-telegram = I also understand /history, /find, /quota, /language, /stop and /forget, or the same in words: “find the one about bread”, “summary in Spanish”, “audio only”.
help-telegram = Hi! Send me the link of an Instagram reel or post and I send back the video with a summary of what it says. Videos and voice notes sent or forwarded directly work too.
help-group = In this group I only answer when called: mention me next to the link, or reply to a message of mine.
welcome = Good to see you here. Send me an Instagram reel or post and I watch it and tell you what it says.

## The queue and the steps of the work
queued =
    { $n ->
        [1] You are next in line, { $wait }.
       *[other] You are { $place } in line, { $wait }.
    }
queued-no-time =
    { $n ->
        [1] You are next in line.
       *[other] You are { $place } in line.
    }
about-seconds =
    { $n ->
        [one] about 1 second
       *[other] about { $n } seconds
    }
about-minutes =
    { $n ->
        [one] about 1 minute
       *[other] about { $n } minutes
    }
step-downloading = Downloading the video…
step-downloading-part = Downloading the video: { $percent }%
step-transcribing = Listening and transcribing…
step-transcribing-part = Transcribing: { $percent }%
step-summarising = Writing the summary…
step-fitting = Making the video fit here…
step-fitting-part = Making the video fit here: { $percent }%
step-sending = Sending…
step-shared = I am already watching this one for somebody else; you get it as soon as it is done.
video-follows = The video follows in a moment.

## Choices; titles have at most 20 characters
choice-transcript = Full transcript
choice-audio = Audio only
choice-in-portuguese = In Portuguese
choice-in-english = In English
choice-in-spanish = In Spanish
choice-try-again = Try again
choice-help = Help
choice-find = Find a video
choice-quota = How many are left
choice-history = My videos
choice-language = Change language
choice-stop = Stop
choice-start = Start again
choice-forget = Forget me
language-portuguese = Português
language-english = English
language-spanish = Español

## Questions to begin with; at most 80 characters
first-how = How do you work?
first-history = What have I sent you?
first-find = Find a video I sent you before
first-quota = How many can I still send today?

## More of an answer that was given
more-of-this = Want more of this one?
transcript = Transcript
transcript-of = Transcript of @{ $author }
transcript-unsure = The audio was hard to hear: some words may be wrong.
transcript-empty = I heard nobody speak in this one, so there is nothing to transcribe.
audio = Just the audio.
audio-of = Just the audio, by @{ $author }
audio-none = This video has no sound.
file-gone = I no longer keep that file. Send me the link again and I will fetch it anew.
not-yours = That one was asked by somebody else. Send me the link and I will watch it for you too.
still-working = That one is still on its way; it will be here soon.
tap-unknown = That button no longer works. Send me the link again.
nothing-yet = I have no video of yours yet. Send me a reel or a post first.
cannot-translate = I am in offline mode: I only quote excerpts, in the language they were spoken in.
again-now = Trying again.
again-nothing = I have nothing to try again. Send me the link and I will start afresh.

## What is left, what was sent, what is looked for
quota-left =
    { $left ->
        [0] You have used your { $limit } for today. It starts again at midnight, in { $wait }.
       *[other] { $left } of { $limit } left for today. It starts again at midnight, in { $wait }.
    }
history-header = Your latest videos:
history-entry = • { $title } — @{ $author }, { $date }
history-entry-anonymous = • { $title } — { $date }
history-empty = You have not sent me anything yet. Start with a reel or a post.
untitled = Untitled
found =
    { $n ->
        [one] I found this one:
       *[other] I found these { $n }:
    }
found-at = at { $moment }: “{ $excerpt }”
found-in-caption = in the caption: “{ $excerpt }”
found-nothing = I did not find “{ $query }” in the videos you sent me. Try a word that was said in it, or the name of who posted it.
find-what = What should I look for? Write it like this: “find the one about bread”.

## Language, stopping, starting, forgetting
language-which = I speak Portuguese, English and Spanish. Which one do you prefer?
language-now = Done, from now on I speak English with you.
stopped = All right, I will not send you anything more. If you change your mind, write “start”.
stopped-telegram = All right, I will not send you anything more. If you change your mind, send /start.
started-again = I am back. Send me a reel or a post.
forgotten = I erased everything I had of yours: messages, requests, transcripts, videos and searches. Only today's count stays, until midnight. If you write again, we start afresh.
forgotten-group = I erased everything I had of this conversation: messages, requests, transcripts, videos and searches. Only today's count stays, until midnight. If you call me again, we start afresh.

## The list of commands, as Telegram shows it
command-help = How I work
command-find = Find a video you sent before
command-history = Your latest videos
command-quota = How many are left today
command-language = Portuguese, English or Spanish
command-start = Begin, or come back
command-stop = Receive nothing more
command-forget = Erase all I know about you

## When it does not work, where sharing means sending the file itself
failed-private-telegram = That account is private. If you can see the reel, save the video and send me the file here.
failed-removed-telegram = That post was deleted or taken down. If you have the video, send me the file here.
failed-login_required-telegram = Instagram shows that post only to people who are logged in. Save the video and send me the file here, and I can open it.
failed-rate_limited-telegram = Instagram is asking me to slow down. Try again in an hour, or send me the video file here.
failed-geo-telegram = That video is not shown in the country where I run. If you can see it, save it and send me the file here.
failed-network-telegram = I could not download the video: the connection dropped a few times. Try again in a little while, or send me the file here.
failed-ambiguous-telegram = I could not open it: it may be private, deleted or restricted. If you can see it, save the video and send me the file here.
file-over-limit = Telegram lets me download files of up to { $limit } MB, and this one is larger. Send me the link of the post, or a shorter piece.
unsupported-story-telegram = I cannot open story links. Save the video and send me the file, or send me a reel or a post.
