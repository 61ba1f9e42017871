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
failed-network = I could not download the video: the connection dropped a few times. Send it again in a little while.
failed-too_large = That video is too large for me. Send me a shorter or lighter one.
failed-too_long = That video is too long for me. I work with videos of up to { $minutes } minutes.
failed-not_a_video = There is no video or picture I can open at that link. Check that it is a reel or a post.
failed-ambiguous = I could not open it: it may be private, deleted or restricted. Share the reel with me directly, that usually works.
failed-bad_link = That link does not lead to an Instagram post. Copy it again from the share button.
failed-hostile = That file does not look like an ordinary video, so I did not open it. Try another one.
failed-misconfigured = I had a problem on my side. It is noted; try again later.
failed-picture = That is a picture, and I need a video or a voice note. Reels and posts work too.
failed-internal = Something went wrong on my side and I could not finish this one. Try again later; it does not count towards your limit.
