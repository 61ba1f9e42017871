# What a person reads in the chat. Written first, by ear; en and es follow its tone.

## Signs of life
received = Recebi! Estou assistindo pra você.
received-audio = Recebi! Estou ouvindo pra você.
part-of = { $n } de { $of }

## Conversation
help = Oi! Me mande um reel ou um post do Instagram (compartilhe aqui ou cole o link) que eu devolvo o vídeo com um resumo do que ele diz. Áudio e vídeo enviados direto também valem.
too-many-links =
    { $left ->
        [one] Fico com os { $taken } primeiros por enquanto; falta 1. Me mande de novo quando eu terminar.
       *[other] Fico com os { $taken } primeiros por enquanto; faltam { $left }. Me mande de novo quando eu terminar.
    }
quota-used = Você já usou seus { $limit } de hoje. Volto a contar à meia-noite, daqui a { $wait }.
quota-partly =
    { $left ->
        [one] Seu limite de hoje ({ $limit }) acabou no meio: fica 1 de fora. Volto a contar à meia-noite, daqui a { $wait }.
       *[other] Seu limite de hoje ({ $limit }) acabou no meio: ficam { $left } de fora. Volto a contar à meia-noite, daqui a { $wait }.
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
unsupported-profile = Isso é o link de um perfil. Me mande um reel ou um post dele que eu vejo.
unsupported-hashtag = Isso é o link de uma hashtag. Escolha um reel ou um post de lá e me mande.
unsupported-story = Link de story eu não consigo abrir. Me mande um reel ou um post, ou o próprio vídeo.
unsupported-message = Essa mensagem eu não consigo abrir. Me mande um reel, um post, um vídeo ou um áudio.

## The answer
excerpts = Trechos principais (modo offline):
caption-only = Desta vez não ouvi o áudio; o resumo vem da legenda:
music-only = Só tem música nesse. O resumo vem da legenda:
music-no-caption = Só tem música nesse, e ele veio sem legenda.
silent = Esse vem sem som. O resumo vem da legenda:
silent-no-caption = Esse vem sem som e sem legenda.
picture-caption = Da legenda:
nothing-said = Não achei fala nem legenda aqui.
unsure = O áudio estava difícil (transcrição incerta); confira antes de confiar.
credit = Por @{ $author }
file-link = O vídeo inteiro fica aqui até { $until }: { $url }
preview = O vídeo não cabe aqui nem comprimido; vai uma prévia sem som.
too-big = O vídeo não cabe aqui nem comprimido; fica o resumo.
no-file = O vídeo não se deixou converter aqui; fica o resumo.
picture-too-big = Uma das imagens não coube aqui; o resto está acima.

## When it does not work: what happened, then what to do
failed-private = Essa conta é privada. Compartilhe o reel direto comigo que eu consigo abrir.
failed-removed = Esse post foi apagado ou saiu do ar. Se você ainda o vê, compartilhe direto comigo.
failed-login_required = O Instagram só mostra esse post para quem está logado. Compartilhe o reel direto comigo que eu consigo abrir.
failed-rate_limited = O Instagram está me pedindo calma agora. Tente de novo em uma hora, ou compartilhe o reel direto comigo.
failed-geo = Esse vídeo não passa no país onde eu rodo. Se você consegue ver, compartilhe direto comigo.
failed-network = Não consegui baixar o vídeo: a conexão caiu algumas vezes. Me mande de novo daqui a pouco.
failed-too_large = Esse vídeo é grande demais para mim. Me mande um mais curto ou mais leve.
failed-too_long = Esse vídeo é longo demais para mim. Trabalho com vídeos de até { $minutes } minutos.
failed-not_a_video = Não tem vídeo nem imagem que eu consiga abrir nesse link. Confira se é um reel ou um post.
failed-ambiguous = Não consegui abrir: pode ser privado, apagado ou restrito. Compartilhe o reel direto comigo que costuma dar certo.
failed-bad_link = Esse link não abre um post do Instagram. Copie de novo pelo botão de compartilhar.
failed-hostile = Esse arquivo não parece um vídeo comum, então não abri. Tente outro.
failed-misconfigured = Tive um problema aqui do meu lado. Já está anotado; tente de novo mais tarde.
failed-picture = Isso é uma imagem, e eu preciso de um vídeo ou de um áudio. Reels e posts também valem.
failed-internal = Algo deu errado aqui do meu lado e esse eu não consegui terminar. Tente de novo mais tarde; não conta no seu limite.
