# What a person reads in the chat. The tone follows pt-BR.

## Signs of life
received = ¡Recibido! Lo estoy viendo por ti.
received-audio = ¡Recibido! Lo estoy escuchando por ti.
part-of = { $n } de { $of }

## Conversation
help = ¡Hola! Mándame un reel o una publicación de Instagram (compártelo aquí o pega el enlace) y te devuelvo el video con un resumen de lo que dice. También sirven audios y videos enviados directamente.
too-many-links =
    { $left ->
        [one] Me quedo con los primeros { $taken } por ahora; falta 1. Mándamelo de nuevo cuando termine.
       *[other] Me quedo con los primeros { $taken } por ahora; faltan { $left }. Mándamelos de nuevo cuando termine.
    }
quota-used = Ya usaste tus { $limit } de hoy. Vuelvo a contar a medianoche, dentro de { $wait }.
quota-partly =
    { $left ->
        [one] Tu límite de hoy ({ $limit }) se acabó a la mitad: queda 1 fuera. Vuelvo a contar a medianoche, dentro de { $wait }.
       *[other] Tu límite de hoy ({ $limit }) se acabó a la mitad: quedan { $left } fuera. Vuelvo a contar a medianoche, dentro de { $wait }.
    }
wait-hours =
    { $n ->
        [one] cerca de 1 hora
       *[other] cerca de { $n } horas
    }
wait-minutes =
    { $n ->
        [one] 1 minuto
       *[other] { $n } minutos
    }
unsupported-profile = Ese enlace es de un perfil. Mándame uno de sus reels o publicaciones y lo veo.
unsupported-hashtag = Ese enlace es de un hashtag. Elige un reel o una publicación de ahí y mándamelo.
unsupported-story = No puedo abrir enlaces de historias. Mándame un reel, una publicación o el propio video.
unsupported-message = No puedo abrir ese mensaje. Mándame un reel, una publicación, un video o un audio.

## The answer
excerpts = Fragmentos principales (modo sin conexión):
caption-only = Esta vez sin escuchar el audio; el resumen sale del texto de la publicación:
music-only = Este solo tiene música. El resumen sale del texto de la publicación:
music-no-caption = Este solo tiene música, y vino sin texto.
silent = Este viene sin sonido. El resumen sale del texto de la publicación:
silent-no-caption = Este viene sin sonido y sin texto.
picture-caption = Del texto de la publicación:
nothing-said = No encontré voz ni texto aquí.
unsure = El audio se oía mal (transcripción dudosa); revisa antes de confiar.
credit = Por @{ $author }
file-link = El video completo queda aquí hasta { $until }: { $url }
preview = El video no cabe aquí ni comprimido; va una vista previa sin sonido.
too-big = El video no cabe aquí ni comprimido; queda el resumen.
no-file = El video no se dejó convertir aquí; queda el resumen.
picture-too-big = Una de las imágenes no cupo aquí; las demás están arriba.

## When it does not work: what happened, then what to do
failed-private = Esa cuenta es privada. Comparte el reel directamente conmigo y lo puedo abrir.
failed-removed = Esa publicación fue borrada o ya no está. Si todavía la ves, compártela directamente conmigo.
failed-login_required = Instagram solo muestra esa publicación a quien inició sesión. Comparte el reel directamente conmigo y lo puedo abrir.
failed-rate_limited = Instagram me está pidiendo calma. Inténtalo en una hora, o comparte el reel directamente conmigo.
failed-geo = Ese video no se ve en el país donde funciono. Si tú lo ves, compártelo directamente conmigo.
failed-network = No pude descargar el video: la conexión se cortó varias veces. Mándamelo de nuevo en un rato.
failed-too_large = Ese video es demasiado grande para mí. Mándame uno más corto o más liviano.
failed-too_long = Ese video es demasiado largo para mí. Trabajo con videos de hasta { $minutes } minutos.
failed-not_a_video = En ese enlace no hay video ni imagen que yo pueda abrir. Revisa que sea un reel o una publicación.
failed-ambiguous = No pude abrirlo: puede ser privado, borrado o restringido. Comparte el reel directamente conmigo, suele funcionar.
failed-bad_link = Ese enlace no lleva a una publicación de Instagram. Cópialo de nuevo desde el botón de compartir.
failed-hostile = Ese archivo no parece un video común, así que no lo abrí. Prueba con otro.
failed-misconfigured = Tuve un problema de mi lado. Ya quedó anotado; inténtalo más tarde.
failed-picture = Eso es una imagen, y yo necesito un video o un audio. También sirven reels y publicaciones.
failed-internal = Algo salió mal de mi lado y no pude terminar este. Inténtalo más tarde; no cuenta en tu límite.
