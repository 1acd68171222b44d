# Calls and files by an outsider: a tester who had the help pages and the README alone, saw no code and wrote each expectation
# before its first run: error (one of ours), warning or message (one of ours), value (with a check of his own: base R, AER, survival,
# plink2). What needs a package or plink2 that is not there is left out. Expectations stand as they were written. Of 1,729 rows 59 are
# not held: functions of DataSHIELD's server, which answer with plain errors; generics of other packages on their own classes
# (hist(), lm(), glance()); messages that the case itself had turned off (LatentMR.quiet, suppressWarnings()); a warning or an error where
# the other was expected; what AER or R does remembered wrongly; and what has changed since (case and control as a factor).
#   Rscript bench/attacks/wrong-calls-outsider.R     # bench/results/wrong-calls-outsider.csv
source("bench/attacks/wrong.R")
home <- getwd()
near <- function(a, b, tol = 1e-6) isTRUE(all.equal(unname(as.numeric(a)), unname(as.numeric(b)), tolerance = tol))
C <- function(name, expect, expr, check = NULL, print = FALSE) {
  list(name = name, expect = expect, expr = substitute(expr), where = parent.frame(), check = check, print = print)
}

# What came, as outcome_of() has it; held: one of what was expected, and the value passes its check.
try_case <- function(kind, case) {
  value <- NULL
  keep <- new.env(parent = case$where)
  got <- outcome_of(substitute({ .value <<- EXPR; if (PRINT) print(.value) }, list(EXPR = case$expr, PRINT = isTRUE(case$print))), keep)
  expect <- strsplit(case$expect, "|", fixed = TRUE)[[1]]
  held <- switch(got[1], refused = "error" %in% expect, told = any(c("warning", "message", "value") %in% expect), silent = "value" %in% expect, FALSE)
  if (held && got[1] != "refused" && !is.null(case$check)) {
    held <- isTRUE(tryCatch(case$check(get(".value", globalenv())), error = function(e) FALSE))
    if (!held) got[2] <- paste("check:", got[2])
  }
  rows[[length(rows) + 1]] <<- data.frame(
    kind = kind, call = case$name, expected = case$expect, outcome = got[1], held = held,
    text = text_of(got[2])
  )
}
run <- function(cases) for (case in cases) try_case(topic_now, case)
topic <- function(name, needs, expr) {
  for (need in needs) if (!(if (need == "plink2") nzchar(Sys.which(need)) else requireNamespace(need, quietly = TRUE))) {
    return(cat(sprintf("%s: without %s left out\n", name, need)))
  }
  for (need in setdiff(needs, "plink2")) suppressPackageStartupMessages(library(need, character.only = TRUE))
  topic_now <<- name
  before <- options(LatentMR.quiet = FALSE)
  folder <- tempfile("outsider")
  dir.create(folder)
  setwd(folder)
  on.exit({ setwd(home); options(before); grDevices::graphics.off() })
  tryCatch(eval(substitute(expr), new.env(parent = globalenv())), error = function(e) cat(name, "stopped:", conditionMessage(e), "\n"))
}

# ---- iv_reg ----
topic("iv_reg", c("AER"), {
set.seed(1); n <- 300
d <- data.frame(z1=rbinom(n,2,.3), z2=rbinom(n,2,.4), age=rnorm(n,60,8), sex=factor(sample(c("F","M"),n,TRUE)), site=sample(letters[1:6],n,TRUE))
u <- rnorm(n); d$ldl <- d$z1+d$z2+.01*d$age+u+rnorm(n); d$sbp <- 120+2*d$ldl+.3*d$age-3*u+rnorm(n); d$w <- runif(n,.5,2)
d$fac <- factor(round(d$ldl)); d$day <- as.Date("2020-01-01")+round(d$ldl*10); d$chr <- as.character(d$ldl)
d$one <- 1; d$lst <- as.list(d$ldl)
dn <- d; dn$z1[1:5] <- NA; dn$sbp[9] <- NA
G <- d$ldl*2; zglob <- d$z1
lmr_env <- environment()
aer <- function(f,...) coef(AER::ivreg(f,...))
cases <- list(
 C("no bar, default estimator","error",iv_reg(sbp~ldl,d)),
 C("four parts","error",iv_reg(sbp~age|ldl|z1|z2,d)),
 C("one-sided","error",iv_reg(~ldl|z1,d)),
 C("formula as text","error|value",iv_reg("sbp ~ age | ldl | z1 + z2",d)),
 C("formula as text converted","value",iv_reg(as.formula("sbp ~ age | ldl | z1 + z2"),d),function(v) near(coef(v)["ldl"],aer(sbp~ldl+age|z1+z2+age,data=d)["ldl"])),
 C("unknown variable","error",iv_reg(sbp~age|ldl|z1+zz9,d)),
 C("variable in global env","error|message|warning|value",iv_reg(sbp~age|ldl|zglob+z2,d),function(v) near(coef(v)["ldl"],aer(sbp~ldl+age|zglob+z2+age,data=d)["ldl"])),
 C("dot in instruments","value|error",iv_reg(sbp~age|ldl|.,d[c("sbp","age","ldl","z1","z2")]),function(v) near(coef(v)["ldl"],aer(sbp~ldl+age|z1+z2+age,data=d)["ldl"])),
 C("dot in ivreg style . - ldl + z","value|error",iv_reg(sbp~ldl+age|.-ldl+z1+z2,d),function(v) near(coef(v)["ldl"],aer(sbp~ldl+age|.-ldl+z1+z2,data=d)["ldl"])),
 C("dot as exog","value|error",iv_reg(sbp~.|ldl|z1+z2,d[c("sbp","age","ldl","z1","z2")])),
 C("interaction x:sex","value",iv_reg(sbp~ldl*sex|z1*sex+z2*sex,d),function(v) near(coef(v)[names(aer(sbp~ldl*sex|z1*sex+z2*sex,data=d))],aer(sbp~ldl*sex|z1*sex+z2*sex,data=d))),
 C("poly","value",iv_reg(sbp~poly(age,2)|ldl|z1+z2,d),function(v) near(coef(v)["ldl"],aer(sbp~ldl+poly(age,2)|z1+z2+poly(age,2),data=d)["ldl"])),
 C("I(ldl^2)","value",iv_reg(sbp~ldl+I(ldl^2)|z1+z2+z1:z2,d),function(v) near(coef(v),aer(sbp~ldl+I(ldl^2)|z1+z2+z1:z2,data=d))),
 C("log response","value",iv_reg(log(sbp)~age|ldl|z1+z2,d),function(v) near(coef(v)["ldl"],aer(log(sbp)~ldl+age|z1+z2+age,data=d)["ldl"])),
 C("log of negative exposure","error|warning",iv_reg(sbp~age|log(ldl)|z1+z2,d)),
 C("log(0) outcome","error",iv_reg(log(sbp*0)~age|ldl|z1+z2,d)),
 C("offset in formula","value|error",iv_reg(sbp~age+offset(w)|ldl|z1+z2,d),function(v) near(coef(v)["ldl"],aer(I(sbp-w)~ldl+age|z1+z2+age,data=d)["ldl"])),
 C("offset in two-part","value|error",iv_reg(sbp~ldl+age+offset(w)|z1+z2+age,d),function(v) near(coef(v)["ldl"],aer(I(sbp-w)~ldl+age|z1+z2+age,data=d)["ldl"])),
 C("offset in instruments","error|value",iv_reg(sbp~age|ldl|z1+z2+offset(w),d)),
 C("cbind response","error",iv_reg(cbind(sbp,age)~ldl|z1+z2,d)),
 C("factor response","error",iv_reg(fac~age|ldl|z1+z2,d)),
 C("logical response","value|message|error",iv_reg((sbp>140)~age|ldl|z1+z2,d),function(v) near(coef(v)["ldl"],aer(as.numeric(sbp>140)~ldl+age|z1+z2+age,data=d)["ldl"])),
 C("date response","error|value",iv_reg(day~age|ldl|z1+z2,d)),
 C("text response","error",iv_reg(chr~age|ldl|z1+z2,d)),
 C("text exposure","error|message|warning",iv_reg(sbp~age|chr|z1+z2,d)),
 C("factor exposure many levels","error",iv_reg(sbp~age|fac|z1+z2,d)),
 C("date exposure","error|value",iv_reg(sbp~age|day|z1+z2,d),function(v) near(coef(v)["day"],aer(sbp~as.numeric(day)+age|z1+z2+age,data=d)[2],1e-4)),
 C("list column","error",iv_reg(sbp~age|lst|z1+z2,d)),
 C("matrix as data","error|value",iv_reg(sbp~age|ldl|z1+z2,as.matrix(d[c("sbp","age","ldl","z1","z2")]))),
 C("tibble","value",iv_reg(sbp~age|ldl|z1+z2,tibble::as_tibble(d[c("sbp","age","ldl","z1","z2")])),function(v) near(coef(v)["ldl"],aer(sbp~ldl+age|z1+z2+age,data=d)["ldl"])),
 C("data.table, subset, cluster","value",iv_reg(sbp~age|ldl|z1+z2,data.table::as.data.table(d[c("sbp","age","ldl","z1","z2","site")]),cluster="site",subset=age>60)),
 C("data missing","error",iv_reg(sbp~age|ldl|z1+z2)),
 C("data NULL","error|value",iv_reg(sbp~age|ldl|z1+z2,NULL)),
 C("data a path","error",iv_reg(sbp~age|ldl|z1+z2,"data.csv")),
 C("data a list","error|value",iv_reg(sbp~age|ldl|z1+z2,as.list(d)[c("sbp","age","ldl","z1","z2")])),
 C("zero rows","error",iv_reg(sbp~age|ldl|z1+z2,d[0,])),
 C("subset none","error",iv_reg(sbp~age|ldl|z1+z2,d,subset=age>1000)),
 C("subset all NA","error",iv_reg(sbp~age|ldl|z1+z2,d,subset=rep(NA,n))),
 C("subset text","error",iv_reg(sbp~age|ldl|z1+z2,d,subset="age > 60")),
 C("subset of wrong length","error",iv_reg(sbp~age|ldl|z1+z2,d,subset=c(TRUE,FALSE,TRUE))),
 C("subset unknown var","error",iv_reg(sbp~age|ldl|z1+z2,d,subset=ager>60)),
 C("weights neg","error",iv_reg(sbp~age|ldl|z1+z2,d,weights=-w)),
 C("weights zero","error",iv_reg(sbp~age|ldl|z1+z2,d,weights=rep(0,n))),
 C("weights text","error",iv_reg(sbp~age|ldl|z1+z2,d,weights="w")),
 C("weights formula","error|value",iv_reg(sbp~age|ldl|z1+z2,d,weights=~w)),
 C("weights length 1","error",iv_reg(sbp~age|ldl|z1+z2,d,weights=2)),
 C("weights Inf","error",iv_reg(sbp~age|ldl|z1+z2,d,weights=c(Inf,rep(1,n-1)))),
 C("weights factor","error",iv_reg(sbp~age|ldl|z1+z2,d,weights=factor(round(w)))),
 C("weights right","value",iv_reg(sbp~age|ldl|z1+z2,d,weights=w),function(v) near(coef(v)["ldl"],aer(sbp~ldl+age|z1+z2+age,data=d,weights=w)["ldl"])),
 C("na.action text","value|error",iv_reg(sbp~age|ldl|z1+z2,dn,na.action="na.omit")),
 C("na.fail","error",iv_reg(sbp~age|ldl|z1+z2,dn,na.action=na.fail)),
 C("na.pass","error",iv_reg(sbp~age|ldl|z1+z2,dn,na.action=na.pass)),
 C("na.exclude resid","value",iv_reg(sbp~age|ldl|z1+z2,dn,na.action=na.exclude),function(v) length(residuals(v))==n && length(fitted(v))==n),
 C("estimator TSLS","error",iv_reg(sbp~age|ldl|z1+z2,d,"TSLS")),
 C("estimator two","error",iv_reg(sbp~age|ldl|z1+z2,d,c("2sls","liml"))),
 C("estimator capital LIML","error|value",iv_reg(sbp~age|ldl|z1+z2,d,"LIML")),
 C("vcov function","error",iv_reg(sbp~age|ldl|z1+z2,d,vcov=sandwich::vcovHC)),
 C("vcov matrix","error",iv_reg(sbp~age|ldl|z1+z2,d,vcov=diag(3))),
 C("cluster wrong col","error",iv_reg(sbp~age|ldl|z1+z2,d,cluster="famly")),
 C("cluster symbol","error",iv_reg(sbp~age|ldl|z1+z2,d,cluster=site)),
 C("cluster single value","error",iv_reg(sbp~age|ldl|z1+z2,d,cluster=rep(1,n))),
 C("cluster two-sided","error",iv_reg(sbp~age|ldl|z1+z2,d,cluster=sbp~site)),
 C("cluster ok","value",iv_reg(sbp~age|ldl|z1+z2,d,cluster=~site),function(v){m<-AER::ivreg(sbp~ldl+age|z1+z2+age,data=d);near(sqrt(diag(vcov(v)))["ldl"],sqrt(diag(sandwich::vcovCL(m,~d$site,type="HC1")))["ldl"],1e-5)}),
 C("exposure = outcome","error",iv_reg(sbp~age|sbp|z1+z2,d)),
 C("outcome in covariates","error|warning",iv_reg(sbp~age+sbp|ldl|z1+z2,d)),
 C("exposure in covariates and endog","error",iv_reg(sbp~age+ldl|ldl|z1+z2,d)),
 C("exposure among instruments","error",iv_reg(sbp~age|ldl|ldl+z1,d)),
 C("covariate among instruments","value|error|warning",iv_reg(sbp~age|ldl|age+z1,d)),
 C("outcome as instrument","error|warning",iv_reg(sbp~age|ldl|sbp,d)),
 C("fewer instr","error",iv_reg(sbp~1|ldl+age|z1,d)),
 C("collinear instr","value",iv_reg(sbp~age|ldl|z1+I(2*z1)+z2,d),function(v) near(coef(v)["ldl"],aer(sbp~ldl+age|z1+z2+age,data=d)["ldl"])),
 C("constant instr","error",iv_reg(sbp~age|ldl|one,d)),
 C("constant outcome","error|value|warning",iv_reg(one~age|ldl|z1+z2,d)),
 C("contrasts text","error",iv_reg(sbp~sex|ldl|z1+z2,d,contrasts="contr.sum")),
 C("contrasts unknown name","error|warning",iv_reg(sbp~sex|ldl|z1+z2,d,contrasts=list(sx="contr.sum"))),
 C("kappa with 2sls","error|warning",iv_reg(sbp~age|ldl|z1+z2,d,kappa=.5)),
 C("kclass no kappa","error",iv_reg(sbp~age|ldl|z1+z2,d,"kclass")),
 C("kappa text","error",iv_reg(sbp~age|ldl|z1+z2,d,"kclass",kappa="1")),
 C("fuller neg","error",iv_reg(sbp~age|ldl|z1+z2,d,"fuller",fuller=-1)),
 C("tol 0/NA","error",iv_reg(sbp~age|ldl|z1+z2,d,tol=NA)),
 C("data first","error",iv_reg(d,sbp~age|ldl|z1+z2)),
 C("formula a fit","error",iv_reg(iv_reg(sbp~age|ldl|z1+z2,d),d)),
 C("no instruments |0","error",iv_reg(sbp~age|ldl|0,d)),
 C("-1 intercept","value",iv_reg(sbp~ldl+age-1|z1+z2+age-1,d),function(v) near(coef(v),aer(sbp~ldl+age-1|z1+z2+age-1,data=d))),
 C("data fac level single","error|value|warning|message",iv_reg(sbp~sex|ldl|z1+z2,d[d$sex=="F",])),
 C("misspelt arg","error",iv_reg(sbp~age|ldl|z1+z2,d,clusters="site")),
 C("Inf in data","error",iv_reg(sbp~age|ldl|z1+z2,within(d,ldl[3]<-Inf))),
 C("int overflow col names with space","value",iv_reg(sbp~age|`ldl c`|z1+z2,setNames(d,sub("^ldl$","ldl c",names(d)))),function(v) near(coef(v)[2],aer(sbp~ldl+age|z1+z2+age,data=d)["ldl"])),
 C("duplicated col names in data","error|value|warning",iv_reg(sbp~age|ldl|z1+z2,setNames(cbind(d,d$w),c(names(d),"ldl"))))
)
run(cases)
})

# ---- iv_fit and methods ----
topic("iv_fit and methods", c("AER"), {
set.seed(2); n <- 250
Z <- matrix(rbinom(n*4,2,.3),n,dimnames=list(NULL,paste0("rs",1:4))); u <- rnorm(n); x <- drop(Z%*%rep(.5,4))+u+rnorm(n); y <- .5*x-u+rnorm(n); age<-rnorm(n,50,9); w <- cbind(1,age)
d <- data.frame(y,x,age,Z,fam=rep(1:50,5)); d$cnt<-rpois(n,2)
cl <- rep(1:50,5)
f <- iv_reg(y~age|x|rs1+rs2+rs3+rs4,d); fm <- iv_fit(y,x,Z,w); a <- AER::ivreg(y~x+age|age+rs1+rs2+rs3+rs4,data=d)
fo <- iv_reg(y~x+age,d,"ols"); f1 <- iv_reg(y~age|x|rs1,d); fc <- iv_reg(y~age|x|rs1+rs2+rs3+rs4,d,cluster="fam")
f2 <- iv_reg(y~1|x+age|rs1+rs2+rs3+rs4,d)
ff <- iv_reg(y~factor(cnt>2)|x|rs1+rs2,d)
broken <- f; broken$coefficients <- NULL; broken2 <- unclass(f); class(broken2)<-"iv_reg"; broken2$vcov <- NULL
li <- lm(y~x,d)
cases <- list(
 C("iv_fit right","value",fm,function(v) near(coef(v)[1],coef(a)["x"])),
 C("iv_fit data frame x","value|error",iv_fit(y,data.frame(x),data.frame(Z),data.frame(w)),function(v) near(coef(v)[1],coef(a)["x"])),
 C("iv_fit x factor","error",iv_fit(y,factor(round(x)),Z,w)),
 C("iv_fit y matrix 2col","error",iv_fit(cbind(y,y),x,Z,w)),
 C("iv_fit y 1col matrix","value|error",iv_fit(as.matrix(y),x,Z,w)),
 C("iv_fit text","error",iv_fit(as.character(y),x,Z,w)),
 C("iv_fit integer64-like date","error",iv_fit(as.Date("2020-01-01")+round(y),x,Z,w)),
 C("iv_fit lengths","error",iv_fit(y,x[-1],Z,w)),
 C("iv_fit transposed Z","error",iv_fit(y,x,t(Z),w)),
 C("iv_fit no intercept w NULL","value|warning|message",iv_fit(y,x,Z),function(v) near(coef(v),coef(AER::ivreg(y~x-1|Z-1)))),
 C("iv_fit w scalar 1","error",iv_fit(y,x,Z,1)),
 C("iv_fit w TRUE","error",iv_fit(y,x,Z,TRUE)),
 C("iv_fit no z","error",iv_fit(y,x,w=w)),
 C("iv_fit formula","error",iv_fit(y~x|Z)),
 C("iv_fit formula data","error",iv_fit(y~x|rs1,d)),
 C("iv_fit NA","error",iv_fit(replace(y,3,NA),x,Z,w)),
 C("iv_fit NaN in Z","error",iv_fit(y,x,replace(Z,3,NaN),w)),
 C("iv_fit sparse list","error",iv_fit(as.list(y),x,Z,w)),
 C("iv_fit x=y","error|warning",iv_fit(y,y,Z,w)),
 C("iv_fit x among z","error",iv_fit(y,x,cbind(Z,x),w)),
 C("iv_fit p>n","error|value|warning",iv_fit(y,x,matrix(rnorm(n*400),n),w)),
 C("iv_fit p>n ujive","error",iv_fit(y,x,matrix(rnorm(n*400),n),w,"ujive")),
 C("iv_fit p=n-2","error|value|warning",iv_fit(y,x,matrix(rnorm(n*(n-2)),n),w,"liml")),
 C("iv_fit n=1","error",iv_fit(1,1,1,1)),
 C("iv_fit n=0","error",iv_fit(numeric(),numeric(),matrix(0,0,1),matrix(0,0,1))),
 C("iv_fit n=3","error|value",iv_fit(y[1:3],x[1:3],Z[1:3,1],w[1:3,])),
 C("iv_fit complex","error",iv_fit(y+0i,x,Z,w)),
 C("iv_fit logical Z","value|error",iv_fit(y,x,Z>0,w),function(v) near(coef(v)[1],coef(AER::ivreg(y~x+age|I(Z>0)+age))[2])),
 C("iv_fit cluster NA","error",iv_fit(y,x,Z,w,cluster=replace(cl,1,NA))),
 C("iv_fit cluster formula","error",iv_fit(y,x,Z,w,cluster=~fam)),
 C("iv_fit cluster short","error",iv_fit(y,x,Z,w,cluster=cl[-1])),
 C("iv_fit weights NA","error",iv_fit(y,x,Z,w,weights=rep(NA,n))),
 C("iv_fit cluster vcov HC1","warning|error",iv_fit(y,x,Z,w,cluster=cl,vcov="HC1")),
 C("iv_fit vcov cluster without","error",iv_fit(y,x,Z,w,vcov="cluster")),
 C("iv_fit bekker 2sls","error",iv_fit(y,x,Z,w,vcov="bekker")),
 C("iv_fit named rows shuffled","error|warning|value",iv_fit(setNames(y,1:n),setNames(x,n:1),Z,w)),
 C("iv_fit pos estimator typo","error",iv_fit(y,x,Z,w,estimater="liml")),
 C("iv_fit huge scale","value",iv_fit(y*1e12,x*1e-9,Z,w),function(v) near(coef(v)[1]*1e-21,coef(a)["x"],1e-5)),
 C("iv_fit y of zeros","value|error|warning",iv_fit(y*0,x,Z,w)),
 C("iv_fit exact fit","value|error|warning",{s<-iv_fit(2*x+1,x,Z,w); summary(s); s},print=TRUE),
 # methods
 C("coef component","error",coef(f,component="stage3")),
 C("confint level 95","error",confint(f,level=95)),
 C("confint parm unknown","error",confint(f,"xx")),
 C("confint parm number 9","error",confint(f,9)),
 C("confint right","value",confint(f,"x"),function(v) near(v,confint(a)["x",] ,1e-2)),
 C("vcov type HC4","error",vcov(f,type="HC4")),
 C("vcov HC1","value",vcov(f,type="HC1"),function(v) near(v["x","x"],sandwich::vcovHC(a,"HC1")["x","x"])),
 C("vcov cluster formula","value",vcov(f,type=~fam),function(v) near(v["x","x"],sandwich::vcovCL(a,d$fam,type="HC1")["x","x"])),
 C("summary vcov. function","value",summary(f,vcov.=sandwich::sandwich),function(v) near(v$coefficients["x",2],sqrt(sandwich::sandwich(a)["x","x"]))),
 C("summary vcov wrong matrix","error",summary(f,vcov=diag(7))),
 C("summary vcov fun returns text","error",summary(f,vcov=function(m) "a")),
 C("summary robust typo","error",summary(f,robust=TRUE)),
 C("summary df text","error",summary(f,df="Inf")),
 C("predict missing column","error",predict(f,data.frame(x=1))),
 C("predict matrix","error",predict(f,cbind(x=1,age=2))),
 C("predict new level","error",predict(ff,data.frame(x=1,cnt=3)[c(1,1),])),
 C("predict factor as text","error",predict(iv_reg(y~factor(fam%%3)|x|rs1,d),data.frame(x=1,fam=99.5))),
 C("predict NULL","error|value",predict(f,NULL)),
 C("predict empty","value|error",predict(f,d[0,])),
 C("predict text x","error",predict(f,data.frame(x="1",age=2))),
 C("predict interval typo","error",predict(f,d[1,],interval="conf")),
 C("predict type","error",predict(f,d[1,],type="link")),
 C("predict on matrix fit","error",predict(fm,d)),
 C("predict right","value",predict(f,d[1:3,]),function(v) near(v,predict(a,d[1:3,]))),
 C("update","value",update(f,estimator="liml")),
 C("update formula 2-part","value|error",update(f,.~.-age),function(v) TRUE),
 C("update formula three part","value",update(f,.~.|.|.-rs4),function(v) near(coef(v)["x"],coef(AER::ivreg(y~x+age|age+rs1+rs2+rs3,data=d))["x"])),
 C("update iv_fit","error",update(fm,estimator="liml")),
 C("update unknown","error",update(f,estimater="liml")),
 C("update gone data","error",local({g <- local({dd<-d; iv_reg(y~age|x|rs1,dd)}); update(g,estimator="liml")})),
 C("anova of different data","error",anova(f,iv_reg(y~1|x|rs1+rs2+rs3+rs4,d[1:100,]))),
 C("anova with lm","error",anova(f,li)),
 C("anova of not nested","error|value|warning",anova(f,f1)),
 C("anova itself","error|value",anova(f,f)),
 C("anova one","error",anova(f)),
 C("plot which","error",plot(f,which=9)),
 C("model.matrix comp","error",model.matrix(f,component="x")),
 C("augment wrong data","error",augment(f,data=d[1:3,])),
 C("augment text","error",augment(f,data="d")),
 C("influence liml","error",influence(update(f,estimator="liml"))),
 C("cooks on matrix","value|error",cooks.distance(fm),function(v) near(v,cooks.distance(f))),
 C("tidy level","error",tidy(f,conf.level=1)),
 C("tidy conf.int text","error",tidy(f,conf.int="yes")),
 C("glance on lm","error",glance(li)),
 C("tidy on data","error",tidy(d)),
 C("first_stage lm","error",first_stage(li)),
 C("first_stage AER fit","error",first_stage(a)),
 C("first_stage ols","error",first_stage(fo)),
 C("first_stage data","error",first_stage(d)),
 C("first_stage broken","error|value",first_stage(broken)),
 C("print broken","error",{print(broken);1}),
 C("summary broken2","error",summary(broken2)),
 C("ar_set lm","error",ar_set(li)), C("ar_set level 2","error",ar_set(f,level=c(.9,.95))), C("ar_set level .","error",ar_set(f,level=".95")),
 C("ar_set two exposures","error|value",ar_set(f2)),
 C("weakiv_test beta len","error",weakiv_test(f,beta=c(0,1))), C("weakiv_test beta NA","error",weakiv_test(f,beta=NA)),C("weakiv_test text","error",weakiv_test(f,beta="0")),
 C("weakiv_set method","error",weakiv_set(f,method="clr2")), C("weakiv_set lower clr","error|value",weakiv_set(f,method="clr")), C("weakiv_set tF with 4","error",weakiv_set(f,method="tF")),
 C("weakiv_set on table","error",weakiv_set(tidy(f))),
 C("overid exact","error",overid_test(f1)), C("overid inst unknown","error",overid_test(f,instruments="rs9")), C("overid inst all","error",overid_test(f,instruments=paste0("rs",1:4))), C("overid NULL fit","error",overid_test(NULL)),
 C("overid Sargan","value",overid_test(f),function(v) near(v$statistic[v$test=="Sargan"],summary(a,diagnostics=TRUE)$diagnostics["Sargan",3])),
 C("endog terms","error",endogeneity_test(f,"age")), C("endog number","error",endogeneity_test(f,1)), C("endog ols","error",endogeneity_test(fo)),
 C("endog number","value",endogeneity_test(f),function(v) near(v$statistic[v$test=="Wu-Hausman"],summary(a,diagnostics=TRUE)$diagnostics["Wu-Hausman",3])),
 C("plaus missing gamma","error",plausibly_exogenous(f)), C("plaus neg gamma","error",plausibly_exogenous(f,-.1)), C("plaus 3 gammas of 4","error",plausibly_exogenous(f,c(.1,.1,.1))), C("plaus swapped bounds","error",plausibly_exogenous(f,cbind(rep(.1,4),rep(-.1,4)))), C("plaus Inf","error",plausibly_exogenous(f,Inf)),C("plaus liml","error",plausibly_exogenous(update(f,estimator="liml"),.1)),
 C("compare est","error",iv_compare(f,"2SLS")), C("compare empty","error",iv_compare(f,character())), C("compare gmm","error",iv_compare(f,"gmm")), C("compare NULL","error|value",iv_compare(f,NULL)),C("compare dup","error|value",iv_compare(f,c("ols","ols"))),
 C("wild no cluster","error",wild_test(f)), C("wild reps 10","error",wild_test(fc,reps=10)), C("wild reps frac","error",wild_test(fc,reps=99.5)), C("wild seed text","error",wild_test(fc,reps=99,seed="1")), C("wild seed NA","error",wild_test(fc,reps=99,seed=NA)), C("wild seed 1.5","error",wild_test(fc,reps=99,seed=1.5)),C("wild term","error",wild_test(fc,"y",reps=99)), C("wild weights","error",wild_test(fc,weights="normal",reps=99)), C("wild by","error",wild_test(fc,by="site",reps=99)), C("wild level 0","error",wild_test(fc,level=0,reps=99)), C("wild huge reps","error|value",wild_test(fc,reps=1e12,level=NULL)), C("wild gmm","error",wild_test(update(f,estimator="gmm",cluster="fam"),reps=99)), C("wild beta Inf","error",wild_test(fc,beta=Inf,reps=99)),
 C("wild seed negative","error|value",wild_test(fc,reps=99,seed=-5)), C("wild seed 1e10","error|value",wild_test(fc,reps=99,seed=1e10)),
 C("average_effect on iv","error",average_effect(f)),
 C("environment_test on iv","error",environment_test(f)),
 C("negative_control on iv outcome text","error",negative_control(f,"cnt")),
 C("direction_test on iv","value|error",direction_test(f)),
 C("report on iv","error",report(f)), C("flow on iv","error",flow(f)), C("variants on iv","error",variants(f)), C("samples on df","error",samples(d)), C("verdict on iv","error",verdict(f)),
 # power
 C("power pct","error",mr_power(r2=2,n=1000,effect=.1)), C("power text","error",mr_power("0.02",1000,.1)), C("power all","error",mr_power(.02,1000,.1,.8)), C("power none","error",mr_power(.02)), C("power n frac","value|error",mr_power(.02,1000.5,.1)), C("power n neg","error",mr_power(.02,-5,.1)), C("power binary no cases","error",mr_power(.02,1000,.1,outcome="binary")), C("power cases>n","error",mr_power(.02,1000,.1,outcome="binary",cases=2000)), C("power 80","error",mr_power(.02,1000,power=80)), C("power effect 0","error",mr_power(.02,power=.8,effect=0)), C("power rel 2","error",mr_power(.02,1000,.1,relatedness=2)), C("power inst 0","error",mr_power(.02,1000,.1,instruments=0)),C("power n Inf","error",mr_power(.02,Inf,.1)), C("power alpha 5","error",mr_power(.02,1000,.1,alpha=5)),C("power r2 0","error|value",mr_power(0,1000,.1)), C("power vector","value",mr_power(c(.01,.02),c(1000,2000),.1)), C("power vec 2x3","error",mr_power(c(.01,.02),c(1000,2000,3000),.1))
)
run(cases)
})

# ---- mr_data ----
topic("mr_data", c(), {
set.seed(3); n <- 240; site <- rep(c("A","B","C"),each=n/3); ids <- sprintf("%04d",1:n)
fr <- cbind(A=c(.2,.5,.3,.4),B=c(.4,.3,.2,.5),C=c(.3,.4,.5,.2)); G <- t(sapply(site,function(s) rbinom(4,2,fr[,s]))); dimnames(G) <- list(ids,paste0("rs",1:4))
x <- setNames(G[,1]+rnorm(n),ids); y <- setNames(.5*x+rnorm(n),ids); e <- setNames(site,ids); cov <- data.frame(age=round(rnorm(n,50,9)),sex=sample(1:2,n,TRUE),row.names=ids)
cc <- setNames(rbinom(n,1,.4),ids)
Gn <- unname(G); xn<-unname(x); yn<-unname(y); en<-unname(e)
M <- function(...) suppressMessages(mr_data(...))
nn <- function(v) v$flow
N <- function(v) length(v$outcome)
cases <- list(
 C("ok","value",mr_data(G,x,y,e),function(v) N(v)==n),
 C("exposure = outcome","error|warning",mr_data(G,x,x,e)),
 C("exposure 2*outcome","error|warning",mr_data(G,x,2*x+1,e)),
 C("outcome in covariates","error|warning",mr_data(G,x,y,e,covariates=data.frame(cov,y=y))),
 C("exposure in covariates","error|warning",mr_data(G,x,y,e,covariates=data.frame(cov,x=x))),
 C("env = case status","warning|error",mr_data(G,x,cc,setNames(as.character(cc),ids))),
 C("env = case status words","warning|error",mr_data(G,x,cc,setNames(ifelse(cc==1,"case","control"),ids))),
 C("env continuous","error",mr_data(G,x,y,x)),
 C("env numbers 1..3 as double","value|message",mr_data(G,x,y,setNames(as.numeric(factor(site)),ids))),
 C("env 1.5","error",mr_data(G,x,y,setNames(as.numeric(factor(site))+.5,ids))),
 C("env one person","warning",mr_data(G,x,y,replace(e,1,"Z")),function(v) N(v)==n-1),
 C("env all singletons","error",mr_data(G,x,y,setNames(ids,ids))),
 C("env one","value|warning|message",mr_data(G,x,y,setNames(rep("A",n),ids))),
 C("env NA all","error",mr_data(G,x,y,setNames(rep(NA,n),ids))),
 C("env 'NA' strings","warning|error|message",mr_data(G,x,y,replace(e,1:20,"NA")),function(v) "NA level kept?"),
 C("env '.'","warning|message",mr_data(G,x,y,replace(e,1:20,"."))),
 C("env empty string","value|warning|message",mr_data(G,x,y,replace(e,1:20,"")),function(v) N(v)==n-20),
 C("env trailing space","warning",mr_data(G,x,y,replace(e,1:20,"A "))),
 C("env date","error",mr_data(G,x,y,setNames(as.Date("2020-01-01")+as.numeric(factor(site)),ids))),
 C("env list","error",mr_data(G,x,y,as.list(e))),
 C("env formula","error",mr_data(G,x,y,~site)),
 C("env col name","error",mr_data(G,x,y,"site")),
 C("env logical","value|message",mr_data(G,x,y,setNames(site=="A",ids))),
 C("env missing","error",mr_data(G,x,y)),
 C("env NULL","error|message|value",mr_data(G,x,y,NULL)),
 C("env unused levels","value",mr_data(G,x,y,setNames(factor(site,levels=c("A","B","C","D")),ids)),function(v) nlevels(v$environment)==3),
 C("exposure factor numbers","error|message",mr_data(G,setNames(factor(round(x)),ids),y,e)),
 C("exposure text numbers","error|message",mr_data(G,setNames(as.character(x),ids),y,e)),
 C("exposure decimal comma text","error|message",mr_data(G,setNames(sub(".",",",as.character(x),fixed=TRUE),ids),y,e)),
 C("exposure percent","error",mr_data(G,setNames(paste0(round(x),"%"),ids),y,e)),
 C("exposure date","error",mr_data(G,setNames(as.Date("2000-01-01")+round(x*10),ids),y,e)),
 C("exposure POSIX","error",mr_data(G,setNames(as.POSIXct("2000-01-01",tz="UTC")+round(x*10),ids),y,e)),
 C("exposure difftime","error|value",mr_data(G,structure(x,class="difftime",units="days"),y,e)),
 C("exposure -9","warning",mr_data(G,replace(x,1:20,-9),y,e)),
 C("exposure 999","warning",mr_data(G,replace(x,1:3,999),y,e)),
 C("exposure Inf","error",mr_data(G,replace(x,1,Inf),y,e)),
 C("exposure constant","error",mr_data(G,x*0,y,e)),
 C("exposure all NA","error",mr_data(G,x*NA,y,e)),
 C("exposure NULL","error",mr_data(G,NULL,y,e)), C("exposure length1","error",mr_data(G,1,y,e)),C("exposure name","error",mr_data(G,"ldl",y,e)),
 C("exposure tibble col","value|error",mr_data(G,tibble::tibble(ldl=xn),yn,en,ids=ids)),
 C("exposure data.table","value|error",mr_data(G,data.table::data.table(ldl=xn,tg=rnorm(n)),yn,en,ids=ids)),
 C("exposure complex","error",mr_data(G,x+0i,y,e)),
 C("exposure integer64ish","error|value",mr_data(G,structure(x,class="integer64"),y,e)),
 C("exposure pipeline scale()","value|error",mr_data(G,scale(x),y,e),function(v) near(v$exposure,scale(x))),
 C("two exposures same","error|warning|value",mr_data(G,cbind(a=x,b=x),y,e)),
 C("two exposures no names","value|message|error",mr_data(G,cbind(x,rnorm(n)),y,e)),
 C("outcome 0/1/2","error",mr_data(G,x,setNames(sample(0:2,n,TRUE),ids),e)),
 C("outcome 1/2","message",mr_data(G,x,cc+1L,e),function(v) all(v$outcome==cc)),
 C("outcome 1/2/-9","error|warning",mr_data(G,x,replace(cc+1L,1:9,-9L),e)),
 C("outcome factor case/control (case first)","message",mr_data(G,x,setNames(factor(ifelse(cc==1,"case","control")),ids),e),function(v) mean(v$outcome==cc)),
 C("outcome factor yes/no","message",mr_data(G,x,setNames(factor(ifelse(cc==1,"Yes","No")),ids),e),function(v) all(v$outcome==cc)),
 C("outcome text 'ja/nein'","error|message",mr_data(G,x,setNames(ifelse(cc==1,"ja","nein"),ids),e)),
 C("outcome factor 3 lev","error",mr_data(G,x,setNames(factor(sample(letters[1:3],n,TRUE)),ids),e)),
 C("outcome Surv","error",mr_data(G,x,survival::Surv(rexp(n),cc),e)),
 C("outcome 0/1 with one case","value|warning|error",mr_data(G,x,setNames(as.integer(ids=="0001"),ids),e)),
 C("outcome TRUE FALSE","value|message",mr_data(G,x,cc==1,e),function(v) all(v$outcome==cc)),
 C("outcome matrix 2","error",mr_data(G,x,cbind(a=y,b=x),e)),
 C("outcome_kind typo","error",mr_data(G,x,cc,e,outcome_kind="binary")),
 C("dup ids different","error",mr_data(G,setNames(x,replace(ids,2,"0001")),y,e)),
 C("ids int vs leading zero","error|warning",mr_data(G,setNames(x,as.integer(ids)),setNames(y,as.integer(ids)),setNames(site,as.integer(ids)))),
 C("ids trailing spaces","error|warning|message|value",mr_data(G,setNames(x,paste0(ids," ")),y,e)),
 C("ids shuffled","value",mr_data(G,rev(x),y,e),function(v) near(v$exposure,x)),
 C("ids half missing","warning|error|message",mr_data(G,x[1:100],y,e)),
 C("no overlap","error",mr_data(G,setNames(x,paste0("x",ids)),setNames(y,paste0("x",ids)),setNames(e,paste0("x",ids)))),
 C("no ids","message",mr_data(Gn,xn,yn,en)),
 C("no ids, lengths differ","error",mr_data(Gn,xn[-1],yn,en)),
 C("G ids, x no names","error",mr_data(G,xn,yn,en)),
 C("ids wrong length","error",mr_data(Gn,xn,yn,en,ids=ids[-1])),
 C("ids NA","value|error|warning|message",mr_data(Gn,xn,yn,en,ids=replace(ids,5,NA)),function(v) N(v)==n-1),
 C("ids dup","error",mr_data(Gn,xn,yn,en,ids=replace(ids,5,"0001"))),
 C("ids floats 1e5","value",mr_data(Gn,xn,yn,en,ids=100000*(1:n)),function(v) v$ids[1]=="100000"),
 C("ids big numbers","value|error|warning",mr_data(Gn,xn,yn,en,ids=1e15+(1:n)),function(v) v$ids[1]=="1000000000000001"),
 C("ids factor","value",mr_data(Gn,xn,yn,en,ids=factor(rev(ids))),function(v) v$ids[1]=="0240"),
 C("ids column name","error",mr_data(Gn,xn,yn,en,ids="IID")),
 C("G text","error|message",mr_data(apply(G,2,as.character),xn,yn,en)),
 C("G AA/AG","error",mr_data(matrix(sample(c("AA","AG","GG"),4*n,TRUE),n),xn,yn,en)),
 C("G factor df","error|message",mr_data(as.data.frame(lapply(as.data.frame(G),factor)),xn,yn,en)),
 C("G -1 missing","error",mr_data(replace(Gn,sample(4*n,10),-1),xn,yn,en)),
 C("G 3 missing","error",mr_data(replace(Gn,sample(4*n,10),3),xn,yn,en)),
 C("G 9","error",mr_data(replace(Gn,sample(4*n,10),9),xn,yn,en)),
 C("G snpStats coded 1,2,3","error|warning|message",mr_data(Gn+1,xn,yn,en)),
 C("G transposed","error",mr_data(t(Gn),xn,yn,en)),
 C("G transposed named","error",mr_data(t(G),x,y,e)),
 C("G vector","error|value|message",mr_data(Gn[,1],xn,yn,en)),
 C("G with id column","error",mr_data(data.frame(IID=ids,Gn),xn,yn,en)),
 C("G with numeric id column","error|warning|message",mr_data(data.frame(IID=1:n,Gn),xn,yn,en)),
 C("G all NA","error",mr_data(Gn*NA,xn,yn,en)),
 C("G constant","error",mr_data(Gn*0,xn,yn,en)),
 C("G identical cols","value|error|message",mr_data(cbind(G,G),x,y,e),function(v) nrow(v$variants)==4),
 C("G mirrored","value|message",mr_data(cbind(G,rs9=2-G[,1]),x,y,e),function(v) nrow(v$variants)==4),
 C("G sparse Matrix","error|value|message",mr_data(Matrix::Matrix(G,sparse=TRUE),x,y,e)),
 C("G 0 cols","error",mr_data(G[,0],x,y,e)), C("G 0 rows","error",mr_data(G[0,],x[0],y[0],e[0])),
 C("G raw path missing","error",mr_data("no.raw",x,y,e)),
 C("G more variants than people","value|warning|message",mr_data(matrix(rbinom(n*300,2,.3),n,dimnames=list(ids,NULL)),x,y,e)),
 C("kind wrong","error",mr_data(G,x,y,e,kind="hardcall")), C("kind genotype for dosages","error",mr_data(pmin(G+.2,2),x,y,e,kind="genotype")), C("kind continuous for G","value|warning|message",mr_data(G,x,y,e,kind="continuous")),
 C("variants wrong rows","error",mr_data(G,x,y,e,variants=data.frame(snp=c("rs1","rs2")))),
 C("variants chr vector","error|value",mr_data(G,x,y,e,variants=colnames(G))),
 C("variants shuffled names","error|value",mr_data(G,x,y,e,variants=data.frame(snp=rev(colnames(G)),effect_allele=c("A","C","G","T"),other_allele=c("C","A","A","A")))),
 C("variants alleles same","error|warning",mr_data(G,x,y,e,variants=data.frame(snp=colnames(G),effect_allele="A",other_allele="A"))),
 C("variants pos text","error|message",mr_data(G,x,y,e,variants=data.frame(snp=colnames(G),chr=1,pos=c("1,000","2,000","3,000","4,000")))),
 C("variants pos neg","error",mr_data(G,x,y,e,variants=data.frame(snp=colnames(G),chr=1,pos=-(1:4)))),
 C("variants alleles factor","value|error",mr_data(G,x,y,e,variants=data.frame(snp=factor(colnames(G)),effect_allele=factor("A"),other_allele=factor("C")))),
 C("variants column typo (EA)","error|warning|message",mr_data(G,x,y,e,variants=data.frame(SNP=colnames(G),EA="A",NEA="C"))),
 C("variants tibble","value",mr_data(G,x,y,e,variants=tibble::tibble(snp=colnames(G),chr=1L,pos=1:4))),
 C("cov text column","value|message",mr_data(G,x,y,e,covariates=data.frame(sm=sample(c("never","ever"),n,TRUE),row.names=ids))),
 C("cov date","error|message",mr_data(G,x,y,e,covariates=data.frame(dob=as.Date("1950-01-01")+1:n,row.names=ids))),
 C("cov list col","error",mr_data(G,x,y,e,covariates=data.frame(l=I(as.list(1:n)),row.names=ids))),
 C("cov id text 240 levels","error|warning",mr_data(G,x,y,e,covariates=data.frame(id=paste0("p",ids),row.names=ids))),
 C("cov formula","error",mr_data(G,x,y,e,covariates=~age)),
 C("cov names","error",mr_data(G,x,y,e,covariates=c("age","sex"))),
 C("cov vector","value|error",mr_data(G,x,y,e,covariates=setNames(cov$age,ids))),
 C("cov Inf","error",mr_data(G,x,y,e,covariates=replace(cov,1,list(replace(cov$age,1,Inf))))),
 C("cov collinear","value|warning|message",mr_data(G,x,y,e,covariates=cbind(cov,age2=2*cov$age))),
 C("cov = environment","value|warning|message|error",mr_data(G,x,y,e,covariates=data.frame(site=e,row.names=ids))),
 C("cov tibble without ids","error",mr_data(G,x,y,e,covariates=tibble::as_tibble(cov))),
 C("cov dup names","error|value|message",mr_data(G,x,y,e,covariates=as.matrix(setNames(cov,c("age","age"))))),
 C("cov sorted","error|warning",mr_data(Gn,xn,yn,en,covariates=local({z<-cov;rownames(z)<-NULL;z[order(z$age),]}))),
 C("cov '-9'","warning",mr_data(G,x,y,e,covariates=within(cov,age[1:9]<- -9))),
 C("categorical unknown","error",mr_data(G,x,y,e,covariates=cov,categorical="batch")),
 C("cluster 1 value","error|value|warning",mr_data(G,x,y,e,cluster=setNames(rep("f",n),ids))),
 C("cluster numeric cont","error|value|warning",mr_data(G,x,y,e,cluster=x)),
 C("units wrong","error",mr_data(G,x,y,e,units=5)), C("units 3","error",mr_data(G,x,y,e,units=c("a","b","c"))), C("units misnamed","error",mr_data(G,x,y,e,units=c(outcom="mmHg"))),
 C("scale typo","error",mr_data(G,x,y,e,scale_traits="z")), C("scale TRUE","error",mr_data(G,x,y,e,scale_traits=TRUE)),
 C("scale sd","value",mr_data(G,x,y,e,scale_traits=c(exposure="sd")),function(v) near(sd(v$exposure),1)),
 C("scale inv normal","value",mr_data(G,x,y,e,scale_traits=c(outcome="inverse_normal")),function(v){k<-site=="B";near(v$outcome[k],qnorm((rank(y[k])-3/8)/(sum(k)+1/4)))}),
 C("family of singletons","error|warning|message|value",mr_data(G,x,y,e,family=setNames(ids,ids))),
 C("parents typo","error",mr_data(G,x,y,e,parents="fams")), C("parents list unnamed","error",mr_data(G,x,y,e,parents=list(G,G))), C("parents fam for matrix","error",mr_data(G,x,y,e,parents="fam")),
 C("instruments unknown","error",mr_data(G,x,y,e,instruments="rs99")), C("instruments some unknown","warning|error",mr_data(G,x,y,e,instruments=c("rs1","rs99","rs2"))), C("instruments numbers","error|value",mr_data(G,x,y,e,instruments=1:2)), C("instruments logical","error",mr_data(G,x,y,e,instruments=c(TRUE,FALSE,TRUE,TRUE))),
 C("structure_incl text","error",mr_data(G,x,y,e,structure=cbind(PC1=x),structure_includes_instruments="no")),
 C("structure = exposure","warning|error",mr_data(G,x,y,e,structure=cbind(PC1=x))),
 C("background = same G","error|warning|message",mr_data(G,x,y,e,background=G)),
 C("background other people","error|warning",mr_data(G,x,y,e,background=`rownames<-`(G,paste0("z",ids)))),
 C("block short","error",mr_data(G,x,y,e,block=1:3)), C("block NA","error|value",mr_data(G,x,y,e,block=c(1,NA,1,2))),
 C("misspelt","error",mr_data(G,x,y,e,covariate=cov)),
 C("exposure outcome swapped positional with data frame","error",mr_data(data.frame(G,x,y,e),"x","y","e")),
 C("idx none","error",mr_data(G,x,y,e)[0,]), C("idx big","error",mr_data(G,x,y,e)[1:1000,]), C("idx dup","error",mr_data(G,x,y,e)[c(1,1,2),]), C("idx logical short","error",mr_data(G,x,y,e)[c(TRUE,FALSE),]), C("idx NA","error",mr_data(G,x,y,e)[c(NA,1:50),]), C("idx unknown id","error",mr_data(G,x,y,e)["77777",]), C("idx one arg","error|value",mr_data(G,x,y,e)[1:50]), C("idx matrix","error",mr_data(G,x,y,e)[cbind(1,2)]), C("idx j none","error",mr_data(G,x,y,e)[,0]), C("idx frac","error",mr_data(G,x,y,e)[1.5,]), C("idx few","error|warning",mr_data(G,x,y,e)[1:5,]),
 C("split by unknown","error",split(mr_data(G,x,y,e),"sex")), C("split by exposure","error",split(mr_data(G,x,y,e),x)), C("split short","error",split(mr_data(G,x,y,e),1:3)), C("split ok","value|warning",split(mr_data(G,x,y,e))),
 C("dollar typo","value",mr_data(G,x,y,e)$outcom,function(v) is.null(v)),
 C("assign field","error|value",{m<-mr_data(G,x,y,e); m$exposure <- m$exposure[1:10]; latent_mr(m,seed=1)}),
 C("as.data.frame genotypes","value",as.data.frame(mr_data(G,x,y,e),genotypes=TRUE),function(v) nrow(v)==n),
 C("rbind two","error",rbind(mr_data(G,x,y,e),mr_data(G,x,y,e))), C("c two","error",c(mr_data(G,x,y,e),mr_data(G,x,y,e))), C("subset()","error|value",subset(mr_data(G,x,y,e),age>1)), C("merge","error",merge(mr_data(G,x,y,e),cov)), C("lm on mr_data","error",lm(outcome~exposure,mr_data(G,x,y,e)),NULL),
 C("variants environments text","error",variants(mr_data(G,x,y,e),environments="A"))
)
run(cases)
})

# ---- files ----
topic("files", c("plink2"), {
set.seed(4); n <- 120; p <- 12; ids <- sprintf("%03d",1:n); site <- rep(c("N","S","W"),each=40)
fr <- matrix(runif(3*p,.2,.6),3); G <- t(sapply(rep(1:3,each=40),function(s) rbinom(p,2,fr[s,])))
w <- function(pre,G,ids,alle=c("A","G")) { # own bed writer, variant-major, counts A1
  p<-ncol(G);n<-nrow(G); con<-file(paste0(pre,".bed"),"wb"); writeBin(as.raw(c(0x6c,0x1b,1)),con); code<-c(3L,2L,0L)
  for(j in 1:p){ v<-ifelse(is.na(G[,j]),1L,code[G[,j]+1]); v<-c(v,rep(0L,(4-n%%4)%%4)); m<-matrix(v,4); writeBin(as.raw(m[1,]+4*m[2,]+16*m[3,]+64*m[4,]),con)}; close(con)
  write.table(data.frame(1,paste0("rs",1:p),0,1000*(1:p),alle[1],alle[2]),paste0(pre,".bim"),quote=F,row=F,col=F,sep="\t")
  write.table(data.frame(ids,ids,0,0,1,-9),paste0(pre,".fam"),quote=F,row=F,col=F,sep="\t") }
w("c",G,ids); x <- drop(G%*%rep(.3,p))+rnorm(n); y <- .5*x+rnorm(n); ph <- data.frame(IID=ids,ldl=round(x,3),sbp=round(y,3),site,age=round(rnorm(n,50,8)),sex=1)
wt <- function(f,d=ph,sep="\t",...) {write.table(d,f,quote=F,row=F,sep=sep,...); f}
R <- function(pheno,bf="c",exposure="ldl",outcome="sbp",environment="site",...) read_mr_data(bf,pheno,exposure,outcome,environment,...)
okx <- function(v) near(v$exposure,ph$ldl) && length(v$exposure)==n
wt("p.tsv"); wt("p.csv",sep=","); wt("psemi.csv",sep=";"); wt("sp.txt",sep=" "); wt("pipe.txt",sep="|")
d2<-ph; d2$ldl<-sub(".",",",d2$ldl,fixed=TRUE); d2$sbp<-sub(".",",",d2$sbp,fixed=TRUE); wt("dc.csv",d2,";"); wt("dc.tsv",d2)
L <- readLines("p.tsv"); writeBin(charToRaw(paste0("\xef\xbb\xbf",paste(L,collapse="\r\n"),"\r\n")),"bomcrlf.tsv"); writeBin(charToRaw(paste0(paste(L,collapse="\r"),"\r")),"cr.tsv")
cn<-file("u16.tsv","w",encoding="UTF-16LE");writeLines(L,cn);close(cn); cn<-file("u16b.tsv","wb");writeBin(as.raw(c(0xff,0xfe)),cn);writeBin(iconv(paste(L,collapse="\n"),"UTF-8","UTF-16LE",toRaw=TRUE)[[1]],cn);close(cn)
L1<-sub("site","Gr\xf6\xdfe",L); writeLines(L1,"lat1.tsv",useBytes=TRUE)
z<-gzfile("p.tsv.gz","wb");writeLines(L,z);close(z); file.copy("p.tsv.gz","gzasplain.tsv"); b<-readBin("p.tsv.gz","raw",1e6); writeBin(b[1:(length(b)%/%2)],"trunc.tsv.gz"); writeBin(c(b,charToRaw("garbage!")),"trail.tsv.gz"); saveRDS(ph,"p.rds"); save(ph,file="p.rda"); z<-gzfile("rds.gz","wb"); writeBin(serialize(ph,NULL),z); close(z)
writeLines(L,"notgz.tsv.gz"); writeLines(character(),"empty.tsv"); writeLines(L[1],"header.tsv"); writeLines(L[-1],"nohead.tsv"); writeLines("\n\n\n","blank.tsv"); writeLines(c("# comment","# two",L),"comment.tsv"); writeLines(c(L[1],"",L[-1]),"blankline.tsv"); writeLines(c(L,"Total\t120"),"total.tsv"); writeLines(c(L,paste0(L[5],"\textra")),"extra.tsv"); writeLines(sub("\t[^\t]*$","",L[-1]) |> c(L[1]) |> (\(z) z[c(length(z),1:(length(z)-1))])(),"short.tsv")
q<-ph;q$IID<-paste0('"',q$IID,'"');wt("quoted.csv",q,",");q<-ph;q$site[5]<-'"N';wt("unbal.csv",q,","); q<-ph; q$site<-paste0('"',q$site,', x"'); wt("quotecomma.csv",q,",")
q<-rbind(ph,ph[5,]);wt("dupsame.tsv",q);q$ldl[n+1]<-9;wt("dupdiff.tsv",q); q<-ph;names(q)[2:3]<-c("ldl","ldl");wt("dupcol.tsv",q); q<-ph;names(q)<-toupper(names(q));wt("upper.tsv",q); q<-ph;names(q)[2]<-"ldl ";wt("trailcol.tsv",q)
q<-ph;q$ldl[1:5]<-c("NA",".","-9","NaN","");wt("miss.tsv",q);q$ldl[1:5]<-c("N/A","#N/A","null","missing","-");wt("miss2.tsv",q);q<-ph;q$ldl<-paste0(q$ldl,"%");wt("pct.tsv",q);q<-ph;q$ldl<-paste0(q$ldl," mmol/L");wt("unit.tsv",q);q<-ph;q$ldl[3]<-"<0.5";wt("lt.tsv",q);q<-ph;q$ldl[3]<-"1e400";wt("big.tsv",q);q<-ph;q$ldl[3]<-"Inf";wt("inf.tsv",q);q<-ph;q$ldl[3]<-"0x1A";wt("hex.tsv",q);q<-ph;q$ldl[3]<-"1d2";wt("dexp.tsv",q);q<-ph;q$ldl[3]<-"1.2.3";wt("dots.tsv",q);q<-ph;q$ldl[3]<-"\u22121.5";wt("minus.tsv",q);q<-ph;q$ldl[3]<-"2020-01-01";wt("date.tsv",q);q<-ph;q$ldl<-format(round(1000+100*x,1),big.mark=",",nsmall=1,trim=TRUE);wt("thou.tsv",q);q<-ph;q$ldl<-round(1e6+1000*x);q$ldl<-format(q$ldl,big.mark=".",decimal.mark=",");wt("thoudot.tsv",q); q<-ph;q$ldl[7]<-"TRUE";wt("true.tsv",q)
q<-ph;q$IID<-as.integer(q$IID);wt("intid.tsv",q);q$IID<-paste0(ids,".0");wt("floatid.tsv",q);q$IID<-paste0(ids," ");wt("spid.tsv",q);q$IID<-tolower(paste0("ID",ids));wt("otherid.tsv",q); q<-ph;q$IID[4]<-NA;wt("naid.tsv",q); q<-ph;q$IID<-sprintf("%.3e",as.numeric(ids)*1e10);wt("sciid.tsv",q)
dir.create("adir"); dir.create("d.bed")
for(e in c("bed","bim","fam")) for(k in c("t1","t2","t3","t4","t5","t6","t7","t8","t9","ta","tb","tc","td","te","tf","tg","th")) file.copy(paste0("c.",e),paste0(k,".",e))
B<-readBin("c.bed","raw",1e6); writeBin(B[1:(length(B)-3)],"t1.bed"); writeBin(c(B,as.raw(0)),"t2.bed"); writeBin(c(as.raw(c(1,2,3)),B[-(1:3)]),"t3.bed"); writeBin(c(B[1:2],as.raw(0),B[-(1:3)]),"t4.bed"); writeBin(raw(0),"t5.bed"); writeLines(readLines("c.fam")[-1],"t6.fam"); writeLines(readLines("c.bim")[-1],"t7.bim"); writeLines(gsub("\t"," ",readLines("c.bim")),"t8.bim"); writeLines(sub("\tA\t","\tA\tX\t",readLines("c.bim")),"t9.bim"); unlink("ta.fam"); unlink("tb.bim"); writeLines(c("CHR\tSNP\tCM\tBP\tA1\tA2",readLines("c.bim")),"tc.bim"); writeLines(c("#FID\tIID\tF\tM\tS\tP",readLines("c.fam")),"td.fam"); {q<-readLines("c.fam");q[2]<-q[1];writeLines(q,"te.fam")}; {q<-readLines("c.bim");q[2]<-q[1];writeLines(q,"tf.bim")}; writeLines(paste0(readLines("c.bim"),"\r"),"tg.bim"); writeLines(sub("\t1000\t","\t1e3\t",readLines("c.bim")),"th.bim")
saveRDS(read_plink("c"),"bed.rds")
writeLines(c("##fileformat=VCFv4.2","#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ta"),"v.vcf")
system("plink2 --bfile c --make-pgen --out cp --threads 1 >/dev/null 2>&1; plink2 --bfile c --export bgen-1.2 ref-first bits=8 --out cb --threads 1 >/dev/null 2>&1; plink2 --bfile c --export A --out ca --threads 1 >/dev/null 2>&1; plink2 --bfile c --export vcf bgz --out cv --threads 1 >/dev/null 2>&1; plink2 --bfile c --export bgen-1.1 --out cb1 >/dev/null 2>&1; plink2 --bfile c --export bcf --out cbcf >/dev/null 2>&1;plink2 --bfile c --export ped --out cped >/dev/null 2>&1;plink2 --bfile c --export bgen-1.2 bits=16 --out cbl >/dev/null 2>&1")
b<-readBin("cb.bgen","raw",1e7); writeBin(b[1:(length(b)-50)],"tr.bgen"); writeBin(c(b,raw(10)),"ex.bgen"); writeBin(b[1:10],"st.bgen"); q<-b; q[5:8]<-as.raw(255); writeBin(q,"hd.bgen"); q<-b;i<-length(b)-20;q[i]<-xor(q[i],as.raw(0x55));writeBin(q,"flip.bgen"); for(k in c("tr","ex","st","hd","flip")) file.copy("cb.sample",paste0(k,".sample")); file.copy("cb.bgen","ns.bgen"); file.copy("cb.bgen","ss.bgen"); writeLines(readLines("cb.sample")[-3],"ss.sample"); file.copy("cb.bgen","si.bgen"); {q<-readLines("cb.sample"); q[3:4]<-q[4:3]; writeLines(q,"si.sample")}
b<-readBin("cp.pgen","raw",1e6); for(e in c("pgen","pvar","psam")) for(k in c("p1","p2","p3","p4")) file.copy(paste0("cp.",e),paste0(k,".",e)); writeBin(b[1:(length(b)-30)],"p1.pgen"); writeLines(readLines("cp.psam")[-2],"p2.psam"); writeLines(head(readLines("cp.pvar"),-1),"p3.pvar"); writeLines(c(readLines("cp.pvar"),tail(readLines("cp.pvar"),1)),"p4.pvar")
cases <- list(
 C("ok tsv","value",R("p.tsv"),okx),C("csv","value",R("p.csv"),okx),C("semi","value",R("psemi.csv"),okx),C("space","value",R("sp.txt"),okx),C("pipe","value|error",R("pipe.txt"),okx),
 C("semicolon decimal comma","value|message",R("dc.csv"),okx),C("tab decimal comma","value|message",R("dc.tsv"),okx),
 C("BOM CRLF","value",R("bomcrlf.tsv"),okx),C("CR only","value|error",R("cr.tsv"),okx),C("utf16 no BOM","error",R("u16.tsv")),C("utf16","error",R("u16b.tsv")),C("utf16 said","value",R("u16b.tsv",encoding="UTF-16"),okx),C("latin1","error",R("lat1.tsv",environment="Gr\u00f6\u00dfe")),C("latin1 said","value",R("lat1.tsv",environment="Gr\u00f6\u00dfe",encoding="latin1"),okx),C("encoding nonsense","error",R("p.tsv",encoding="klingon")),C("encoding NULL","error",R("p.tsv",encoding=NULL)),
 C("gz","value",R("p.tsv.gz"),okx),C("gz under plain name","value",R("gzasplain.tsv"),okx),C("trunc gz","error",R("trunc.tsv.gz")),C("gz trailing garbage","error|value",R("trail.tsv.gz")),C("not gz","value",R("notgz.tsv.gz"),okx),C("rds","error",R("p.rds")),C("rda","error",R("p.rda")),C("serialised gz","error",R("rds.gz")),
 C("empty","error",R("empty.tsv")),C("header only","error",R("header.tsv")),C("no header","error",R("nohead.tsv")),C("blank","error",R("blank.tsv")),C("comment","value|error",R("comment.tsv"),okx),C("blank line","value|error",R("blankline.tsv"),okx),C("total row","error|warning|value",R("total.tsv")),C("extra field","error",R("extra.tsv")),C("short rows","error",R("short.tsv")),
 C("quoted ids","value",R("quoted.csv"),okx),C("unbalanced quote","error|value",R("unbal.csv")),C("quote with comma","value",R("quotecomma.csv"),okx),
 C("dup same","value",R("dupsame.tsv"),okx),C("dup diff","error",R("dupdiff.tsv")),C("dup col","error",R("dupcol.tsv")),C("upper names","error",R("upper.tsv")),C("trailing blank in name","error|value",R("trailcol.tsv")),
 C("missing codes","value|message|warning",R("miss.tsv"),function(v) length(v$outcome)==n-5),C("missing codes 2","error|message",R("miss2.tsv")),C("percent","error",R("pct.tsv")),C("unit","error",R("unit.tsv")),C("<0.5","error",R("lt.tsv")),C("1e400","error",R("big.tsv")),C("Inf","error",R("inf.tsv")),C("hex","error",R("hex.tsv")),C("1d2","error",R("dexp.tsv")),C("1.2.3","error",R("dots.tsv")),C("unicode minus","error|message",R("minus.tsv")),C("date in col","error",R("date.tsv")),C("thousands","error|message",R("thou.tsv")),C("thousands dot","error|message",R("thoudot.tsv")),C("TRUE in col","error",R("true.tsv")),
 C("int ids","error",R("intid.tsv")),C("float ids","error",R("floatid.tsv")),C("space ids","value|error",R("spid.tsv"),okx),C("other ids","error",R("otherid.tsv")),C("NA id","value|warning|message",R("naid.tsv"),function(v) length(v$outcome)==n-1),C("sci ids","error",R("sciid.tsv")),
 C("pheno dir","error",R("adir")),C("pheno missing","error",R("nope.tsv")),C("pheno matrix","error",R(as.matrix(ph))),C("pheno data.table int id","error",R(data.table::fread("p.tsv",colClasses=c(IID="integer")))),C("pheno tibble","value",R(tibble::as_tibble(ph)),okx),C("pheno NULL","error",R(NULL)),C("pheno list of df","error|value",R(list(ph[1:3],ph[c(1,4)]))),C("pheno two files","value|error",{wt("a1.tsv",ph[1:3]);wt("a2.tsv",ph[c(1,4)]);R(c("a1.tsv","a2.tsv"))},okx),C("pheno no id","error",R(ph[-1])),C("pheno is fit","error",R(lm(ldl~sbp,ph))),C("http url","error",R("http://localhost:1/x.tsv")),
 C("exposure typo","error",R("p.tsv",exposure="LDL")),C("exposure number","error",R("p.tsv",exposure=2)),C("exposure symbol","error",R("p.tsv",exposure=ph$ldl)),C("outcome same","error",R("p.tsv",outcome="ldl")),C("outcome in cov","error",R("p.tsv",covariates=c("age","sbp"))),C("exp in cov","error",R("p.tsv",covariates="ldl")),C("env in cov","error|warning|value|message",R("p.tsv",covariates="site")),C("env = outcome","error",R("p.tsv",environment="sbp")),C("env two","error",R("p.tsv",environment=c("site","sex"))),C("cov formula","error",R("p.tsv",covariates=~age)),C("cov constant","value",R("p.tsv",covariates="sex")),C("cov NA char","error",R("p.tsv",covariates=NA)),C("cov empty","value|error",R("p.tsv",covariates=character())),C("cov dup","error|value",R("p.tsv",covariates=c("age","age"))),C("id wrong","error",R("p.tsv",id="eid")),C("id = ldl","error",R("p.tsv",id="ldl")),C("cov = id col","error",R("p.tsv",covariates="IID")),
 C("na_codes list","error|value",R("p.tsv",na_codes=list(-9))),C("na_codes TRUE","error",R("p.tsv",na_codes=TRUE)),C("na_codes hit real","value",R("p.tsv",covariates="age",na_codes=c(50)),function(v) length(v$outcome)==sum(ph$age!=50)),
 C("keep nobody","error",R("p.tsv",keep="zzz")),C("keep file","value",{writeLines(ids[1:60],"keep.txt");R("p.tsv",keep="keep.txt")},function(v) length(v$outcome)==60),C("keep ints","error|value",R("p.tsv",keep=1:60)),C("keep path missing","error",R("p.tsv",keep="keep_missing.txt")),C("remove all","error",R("p.tsv",remove=ids)),C("remove NA","error|value|warning",R("p.tsv",remove=NA)),C("remove factor","value",R("p.tsv",remove=factor(ids[1:3])),function(v) length(v$outcome)==n-3),C("keep df","value|error",R("p.tsv",keep=data.frame(FID=ids[1:50],IID=ids[1:50]))),
 C("instruments file w/ header","value",{writeLines(c("SNP","rs1","rs2"),"ins.txt");R("p.tsv",instruments="ins.txt")},function(v) nrow(v$variants)==2),C("instruments typo path","error",R("p.tsv",instruments="insts.txt")),C("instruments CRLF","value",{writeBin(charToRaw("rs1\r\nrs2\r\n"),"inscr.txt");R("p.tsv",instruments="inscr.txt")},function(v) nrow(v$variants)==2),C("instruments csv two cols","value|error",{writeLines(c("snp,p","rs1,0.1","rs2,0.2"),"ins2.csv");R("p.tsv",instruments="ins2.csv")},function(v) nrow(v$variants)==2),C("instruments empty","error",R("p.tsv",instruments=character())),C("instr dup","value|warning|error",R("p.tsv",instruments=c("rs1","rs1","rs2"))),
 C("background typo","error",R("p.tsv",background="other")),C("background others without instr","error",R("p.tsv",background="others")),C("background same","error",R("p.tsv",instruments=c("rs1","rs2","rs3"),background=c("rs1","rs2"))),
 C("bed trunc","error",read_plink("t1")),C("bed long","error",read_plink("t2")),C("bed magic","error",read_plink("t3")),C("bed sample-major","error",read_plink("t4")),C("bed empty","error",read_plink("t5")),C("fam short","error",read_plink("t6")),C("bim short","error",read_plink("t7")),C("bim spaces","value",read_plink("t8")),C("bim 7 cols","error",read_plink("t9")),C("no fam","error",read_plink("ta")),C("no bim","error",read_plink("tb")),C("bim header","error",read_plink("tc")),C("fam header","error",read_plink("td")),C("fam dup id","error|warning|message",R("p.tsv",bf="te")),C("bim dup id","message|error",read_plink("tf")),C("bim CRLF","value|error",read_plink("tg")),C("bim 1e3","error",read_plink("th")),C("dir.bed","error",read_plink("d")),C("plink with .bim","error|value",read_plink("c.bim")),C("plink NULL","error",read_plink(NULL)),C("plink NA","error",read_plink(NA)),C("plink ''","error",read_plink("")),C("plink glob","error",read_plink("c*")),C("plink list","error",read_plink(list("c"))),C("plink twice","error|message|warning",read_plink(c("c","c"))),C("rds of bed moved","error",{x<-readRDS("bed.rds");file.rename("c.bed","gone.bed");on.exit(file.rename("gone.bed","c.bed"));as.matrix(x)}),
 C("bed idx","error",read_plink("c")[1,"rs99"]),C("bed idx oob","error",read_plink("c")[500,1]),C("bed idx frac","error",read_plink("c")[1.2,1]),C("bed 3-d","error",read_plink("c")[1,2,3]),C("bed [1]","error|value",read_plink("c")[1]),C("as.matrix right","value",as.matrix(read_plink("c")),function(v) all(v==G)),C("bed double text","error",as.matrix(read_plink("c"),double="yes")),
 C("genotypes vcf","error",read_genotypes("v.vcf")),C("genotypes vcf.gz","error",read_genotypes("cv.vcf.gz")),C("bcf","error",read_genotypes("cbcf.bcf")),C("ped","error",read_genotypes("cped.ped")),C("raw","value",read_genotypes("ca.raw")),C("geno txt","error",read_genotypes("p.tsv")),C("geno dir","error",read_genotypes("adir")),C("geno none","error",read_genotypes("nothing")),C("geno two formats","error|value",read_genotypes(c("c","cb"))),C("geno number","error",read_genotypes(5)),
 C("bgen ok","value",as.matrix(read_bgen("cb.bgen")),function(v) max(abs(v-(G)))<1e-3||max(abs(v-(2-G)))<1e-3),C("bgen trunc","error",as.matrix(read_bgen("tr.bgen"))),C("bgen extra","error",as.matrix(read_bgen("ex.bgen"))),C("bgen stub","error",read_bgen("st.bgen")),C("bgen header","error",read_bgen("hd.bgen")),C("bgen flip","error",as.matrix(read_bgen("flip.bgen"))),C("bgen no sample","value|error",read_bgen("ns.bgen")),C("bgen short sample","error",read_bgen("ss.bgen")),C("bgen swapped sample","error",read_bgen("si.bgen")),C("bgen 1.1","error",read_bgen("cb1.bgen")),C("bgen index FALSE text","error",read_bgen("cb.bgen",index="no.bgi")),C("bgen multiallelic","error",read_bgen("cb.bgen",multiallelic="drop")),C("bgen sample is bgen","error",read_bgen("cb.bgen",sample="cb.bgen")),C("bgen of bed","error",read_bgen("c.bed")),C("bgen variants none","error",read_bgen("cb.bgen",variants="rs99")),
 C("pgen ok","value|error",as.matrix(read_pgen("cp")),function(v) max(abs(v-G))<1e-3||max(abs(v-(2-G)))<1e-3),C("pgen trunc","error",as.matrix(read_pgen("p1"))),C("psam short","error",as.matrix(read_pgen("p2"))),C("pvar short","error",as.matrix(read_pgen("p3"))),C("pvar long","error",as.matrix(read_pgen("p4"))),C("pgen none","error",read_pgen("zz")),C("pgen of bed","error",read_pgen("c")),C("pgen arg","error",read_pgen("cp",variants=1:3)),
 C("families df missing col","error",families(ph)),C("families thr 0","error",families(data.frame(ID1="001",ID2="002",Kinship=.25),threshold=0)),C("families thr neg kin text","error",families(data.frame(ID1="001",ID2="002",Kinship="0,25"))),C("families kin pct","error|warning",families(data.frame(ID1="001",ID2="002",Kinship=25))),C("families self","value|error|warning",families(data.frame(ID1="001",ID2="001",Kinship=.5))),C("families ids dup","error",families(data.frame(ID1="001",ID2="002",Kinship=.25),ids=c("001","001"))),C("families int ids","error",families(data.frame(ID1=1,ID2=2,Kinship=.25),ids=ids)),C("families empty","error|value",families(data.frame(ID1=character(),ID2=character(),Kinship=numeric()),ids=ids)),C("families NA id","error",families(data.frame(ID1=NA,ID2="002",Kinship=.25))),C("families file missing","error",families("king.kin0")),C("families kin0","value",{writeLines(c("#FID1\tIID1\tFID2\tIID2\tNSNP\tHETHET\tIBS0\tKINSHIP","001\t001\t002\t002\t100\t.1\t0\t.25"),"k.kin0");families("k.kin0",ids=ids)},function(v) v[["001"]]==v[["002"]]),
 C("cluster of families","value",R("p.tsv",cluster=families(data.frame(ID1="001",ID2="002",Kinship=.25),ids=ids)),okx),
 C("option memory wrong","error",{o<-options(LatentMR.memory="lots");on.exit(options(o));R("p.tsv")}),C("option memory tiny","error",{o<-options(LatentMR.memory=10);on.exit(options(o));R("p.tsv")}),C("option quiet wrong","error|value",{o<-options(LatentMR.quiet="yes");on.exit(options(o));R("p.tsv")}),C("option memory neg","error",{o<-options(LatentMR.memory=-1);on.exit(options(o));R("p.tsv")}),C("option memory NA","error",{o<-options(LatentMR.memory=NA);on.exit(options(o));R("p.tsv")})
)
run(cases)
})

# ---- latent_mr ----
topic("latent_mr", c(), {
options(LatentMR.quiet=TRUE)
D <- simulate_mr("snp",cell=3,n=300,seed=1); Dc <- D
m <- mr_moments(D,folds=5,seed=1); fit <- suppressWarnings(latent_mr(D,seed=1,by_environment=FALSE)); fm <- suppressWarnings(latent_mr(m,seed=1,by_environment=FALSE))
fb <- suppressWarnings(latent_mr(D,seed=1))
ivf <- iv_reg(mpg~hp|wt|disp+cyl,mtcars)
v <- D$variants; vn <- v$snp
sw <- data.frame(SNP=vn,effect_allele="A",other_allele="G",beta=.1)
LM <- function(...) latent_mr(D,by_environment=FALSE,seed=1,...)
brk <- function(o,f) {o<-unclass(o);cl<-attr(o,"class");o[[f]]<-NULL;o}
cut1 <- function(o,f){cl<-class(o);o<-unclass(o);o[[f]]<-NULL;class(o)<-cl;o}
parallel_plan <- function() future::plan()
cases <- list(
 C("data a df","error",latent_mr(mtcars)),C("data NULL","error",latent_mr(NULL)),C("data a path","error",latent_mr("cohort")),C("data a fit","error",latent_mr(fit)),C("data list of two","error",latent_mr(list(D,D))),C("data matrix","error",latent_mr(as.matrix(mtcars))),C("data a formula","error",latent_mr(mpg~wt)),C("data missing","error",latent_mr()),
 C("encoder typo","error",LM(encoder="lin")),C("encoder vec","error",LM(encoder=c("linear","flow"))),C("encoder flow on SNP","error",LM(encoder="flow")),C("encoder closure on SNP","error",LM(encoder="closure")),C("encoder NULL","error",LM(encoder=NULL)),C("encoder function","error",LM(encoder=prcomp)),
 C("n_latent 1","error",LM(n_latent=3)),C("n_latent big","error",LM(n_latent=c(1000,1000))),C("n_latent frac","error",LM(n_latent=c(1.5,2))),C("n_latent neg","error",LM(n_latent=c(-1,2))),C("n_latent text","error",LM(n_latent="auto")),C("n_latent zero invariant","error|value|warning",LM(n_latent=c(0,2))),
 C("methods typo","error",LM(methods="ujive")),C("methods Title","error",LM(methods="Structure removed (UJIVE)")),C("methods TwoSampleMR","error",LM(methods="mr_ivw")),C("methods empty","error",LM(methods=character())),C("methods NA","error",LM(methods=NA)),C("methods dup","value|error",LM(methods=c("ols","ols"))),C("methods rows","value",LM(methods=mr_methods()[1:2,])),C("methods score w/o weights","error|warning",LM(methods="score")),C("methods family w/o family","error|warning",LM(methods="family_ujive")),C("methods mixed w/o random","error|warning",LM(methods="mixed_ujive")),C("methods msmm continuous outcome","error|warning",LM(methods="latent_msmm")),
 C("crossfit 1","error",LM(crossfit=1)),C("crossfit TRUE","error",LM(crossfit=TRUE)),C("crossfit 2.5","error",LM(crossfit=2.5)),C("crossfit 1000","error",LM(crossfit=1000)),C("crossfit moments too many","error",latent_mr(m,crossfit=10)),C("crossfit neg","error",LM(crossfit=-1)),
 C("level 95","error",LM(level=95)),C("level NULL","error",LM(level=NULL)),C("force text","error",LM(force="yes")),C("force NA","error",LM(force=NA)),C("by_env NULL","error",latent_mr(D,by_environment=NULL)),C("jackknife SNP TRUE","error|value|warning",LM(jackknife=TRUE)),C("jackknife 10","error",LM(jackknife=10)),
 C("random typo","error",LM(random="kinship")),C("random bg without","error",LM(random="background")),C("random cluster without","error",LM(random="cluster")),C("random moments","error",latent_mr(m,random="cluster")),
 C("controls unknown","error",LM(controls="height")),C("controls short df","error",LM(controls=data.frame(a=1:3))),C("controls outcome itself","error|warning",LM(controls=data.frame(y=D$outcome))),C("controls exposure","error|warning|value",LM(controls=data.frame(x=D$exposure))),C("controls const","error|warning",LM(controls=data.frame(x=rep(1,length(D$outcome))))),C("controls vector","error|value",LM(controls=rnorm(length(D$outcome)))),C("controls factor","error|warning",LM(controls=data.frame(x=factor(rep(letters[1:3],length.out=length(D$outcome)))))),C("controls NA","value|error|warning",LM(controls=data.frame(x=c(NA,rnorm(length(D$outcome)-1))))),
 C("control list","error",LM(control=list(level=.9))),C("control wrong class","error",LM(control=curve_control())),C("control NULL","error|value",LM(control=NULL)),
 C("seed text","error",LM2 <- latent_mr(D,seed="one")),C("seed 1.5","error",latent_mr(D,seed=1.5)),C("seed vec","error",latent_mr(D,seed=1:2)),C("seed Inf","error",latent_mr(D,seed=Inf)),C("seed TRUE","error",latent_mr(D,seed=TRUE)),C("seed integer text '1'","error",latent_mr(D,seed="1")),C("seed Date","error",latent_mr(D,seed=Sys.Date())),
 C("misspelt","error",latent_mr(D,method="ols")),C("misspelt2","error",latent_mr(D,ncores=4)),
 C("score no cols","error",LM(score_weights=data.frame(a=1),methods="score")),C("score vector","error",LM(score_weights=rep(.1,length(vn)),methods="score")),C("score unnamed list","error",LM(score_weights=list(1,2),methods="score")),C("score beta text","error",LM(score_weights=transform(sw,beta="0.1x"),methods="score")),C("score all 0","error|warning",LM(score_weights=transform(sw,beta=0),methods="score")),C("score dup rows","error|warning",LM(score_weights=rbind(sw,transform(sw,beta=.5)),methods="score")),C("score no such","error",LM(score_weights=transform(sw,SNP=paste0("x",SNP)),methods="score")),C("score palindromic","error|message|warning",LM(score_weights=transform(sw,other_allele="T"),methods="score")),C("score lower-case alleles","value|message|error",LM(score_weights=transform(sw,effect_allele="a",other_allele="g"),methods="score")),C("score NA beta","error|message|warning",LM(score_weights=transform(sw,beta=NA),methods="score")),C("score path missing","error",LM(score_weights="w.txt",methods="score")),C("score Inf","error",LM(score_weights=transform(sw,beta=Inf),methods="score")),C("score OR column","error",LM(score_weights=data.frame(SNP=vn,effect_allele="A",other_allele="G",OR=1.1),methods="score")),
 C("tampered outcome","error",{d<-D;d$outcome[1]<-NA;latent_mr(d)}),C("tampered exposure Inf","error",{d<-D;d$exposure[1]<-Inf;latent_mr(d)}),C("tampered env","error",{d<-D;d$environment<-as.character(d$environment);latent_mr(d)}),C("removed env","error",latent_mr(cut1(D,"environment"))),C("removed flow","error",latent_mr(cut1(D,"flow"))),C("removed variants","error",latent_mr(cut1(D,"variants"))),C("unclass","error",latent_mr(unclass(D))),C("moments removed","error",latent_mr(cut1(m,names(m)[3]))),C("print removed","error",{print(cut1(D,"variants"));1}),C("summary removed","error",summary(cut1(fit,"encoder"))),C("print fit removed","error",{print(cut1(fit,"headline"));1}),C("as.df fit removed","error",as.data.frame(cut1(fit,"methods"))),C("estimates removed","error",{print(cut1(fit,"estimates"));1}),
 C("tidy fit arg","error",tidy(fit,conf.int=TRUE)),C("as.df envs text","error",as.data.frame(fit,environments="A")),C("as.df envs when left out","error|value",as.data.frame(fit,environments=TRUE)),C("confint parm","error",confint(fit,"y")),C("confint level","error",confint(fit,level=1.2)),C("confint ols row","error",confint(fit,method="ols")),C("predict fit","error",predict(fit)),C("residuals","error|value",residuals(fit)),C("update misspelt","error",update(fit,methdos="ols")),C("update data NULL","error",update(fit,data=NULL)),C("update formula","error",update(fit,.~.-age)),C("update ok","value",update(fit,methods="ols"),function(v) nrow(as.data.frame(v))==1),C("plot type typo","error",plot(fit,"forrest")),C("plot number","error",plot(fit,2)),C("anova","error",anova(fit,fit)),C("fit[[9999]]","error|value",fit$hedline,function(v) is.null(v)),
 C("overid fit vcov","error",overid_test(fit,vcov="HC0")),C("ar_set fit method","error",ar_set(fit,method="CLR")),C("weakiv fit beta 2","error",weakiv_test(fit,beta=c(1,2))),C("weakiv set tF","error",weakiv_set(fit,method="tF")),C("first_stage latent","error",first_stage(fit)),C("endog latent","error",endogeneity_test(fit)),C("wild latent","error",wild_test(fit)),C("iv_compare latent","error",iv_compare(fit)),C("plaus latent method","error",plausibly_exogenous(fit,.01,method="ols")),C("plaus latent -","error",plausibly_exogenous(fit,"a")),
 C("loo over typo","error",leave_one_out(fit,over="site")),C("loo env none","error",leave_one_out(fit,over="environments")),C("loo method typo","error",leave_one_out(fit,method="ujive")),C("loo mr_data","error",leave_one_out(D)),C("loo chr","error|value",leave_one_out(fb,over="chromosome")),C("loo variant","value",leave_one_out(fb,over="variant")),C("loo NULL","error",leave_one_out(NULL)),
 C("single_variant data","error",single_variant(D)),C("single_variant iv","error",single_variant(ivf)),C("variant_tests data","error",variant_tests(m)),C("outlying data","error",outlying_variants(D)),C("outlying moments fit","error|value",outlying_variants(fm)),C("direction data","error",direction_test(D)),C("direction moments","value|error",direction_test(fm)),C("verdict data","error",verdict(D)),C("verdict NULL","error",verdict(NULL)),C("negcontrol missing","error",negative_control(fit)),C("negcontrol len","error",negative_control(fit,1:3)),C("negcontrol name","error",negative_control(fit,"bmi")),C("negcontrol moments","error",negative_control(fm,rnorm(300))),C("strobe data","error",strobe_mr(D)),C("strobe other data","error|warning",strobe_mr(fit,data=simulate_mr("snp",cell=1,n=200,seed=2))),C("strobe curve","error",strobe_mr(fit,curve=fit)),C("strobe iv","error",strobe_mr(ivf)),
 C("report no dir","error",report(fit,"/nonexistent/dir/r.html")),C("report dir","error",report(fit,tempdir())),C("report docx","error",report(fit,file.path(tempdir(),"r.docx"))),C("report NULL","error",report(fit,NULL)),C("report typo","error",report(fit,file.path(tempdir(),"r.html"),dta=D)),C("report data wrong","error",report(fit,file.path(tempdir(),"r.html"),data=mtcars)),C("report two","error",report(fit,c("a.html","b.html"))),
 C("learn data df","error",learn_instruments(mtcars)),C("learn seed","error",learn_instruments(D,seed="a")),C("learn fit","error",learn_instruments(fit)),C("learn predict-like","error",learn_instruments(D,n_latent=c(1,1,1))),
 C("flow wrong","error",flow(5)),C("flow fit","value",flow(fit)),C("variants fit","value",variants(fit)),C("variants NULL","error",variants(NULL)),C("samples NULL","error",samples(NULL)),C("samples fit","error|value",samples(fit)),
 C("ec level 95","error",encoder_control(level=95)),C("ec partial>level","error",encoder_control(partial_level=.99)),C("ec draws 0","error",encoder_control(draws=0)),C("ec null","error",encoder_control(null="perm")),C("ec ld -1","error",encoder_control(ld_window=-1)),C("ec ld text","error",encoder_control(ld_window="3Mb")),C("ec flow list","error",encoder_control(flow=list())),C("ec unknown","error",encoder_control(alpha=.1)),C("ec draws huge","error|value",encoder_control(draws=1e12)),C("ec reference","error|value",LM(control=encoder_control(reference="nosuch"))),
 C("ac units 0","error",autoencoder_control(units=0)),C("ac kernel","error",autoencoder_control(kernel="rbf2")),C("ac held","error",autoencoder_control(held_out=1)),C("ac precision","error",autoencoder_control(precision="half")),C("ac epochs","error",autoencoder_control(epochs=1e3+.5)),
 C("fc starts","error",flow_control(starts=0)),C("fc gain","error",flow_control(gain="a")),C("adam rate","error",adam_control(rate=-1)),C("adam batch","error",adam_control(batch=NA)),C("adam typo","error",adam_control(learning_rate=.1)),
 C("curve ctl solver","error",curve_control(solver="nn")),C("curve ctl band","error",curve_control(band="ci")),C("curve ctl adam list","error",curve_control(adam=list())),C("curve ctl rank","error",curve_control(rank=0)),
 C("mr_methods arg","error|value",mr_methods()),C("ld_regions 19","error",ld_regions(19)),C("ld_regions hg38","error",ld_regions("hg38")),C("ld_regions '38'","error|value",ld_regions("38")),C("ld none","error",ld_regions())
)
run(cases)
})

# ---- curves, binary, hazards, sites ----
topic("curves, binary, hazards, sites", c("survival"), {
options(LatentMR.quiet=TRUE); 
set.seed(6); n<-300; z<-rnorm(n); u<-rnorm(n); d<-data.frame(z,z2=rnorm(n),x=z+u,age=rnorm(n)); d$y<-abs(d$x)+u+rnorm(n); d$g<-factor(sample(letters[1:3],n,TRUE)); d$b<-rbinom(n,1,plogis(.5*d$x)); d$w<-runif(n); d$fam<-rep(1:100,3); d$t<-rexp(n,.1); d$ev<-rbinom(n,1,.6)
cv <- iv_curve(y~x|z,d,seed=1,control=curve_control(members=1,units=10,polish=2))
D <- simulate_mr("snp",cell=3,n=300,seed=1); D2<-D; D2$variants[c("effect_allele","other_allele")]<-list("A","G")
fit <- suppressWarnings(latent_mr(D,seed=1,by_environment=FALSE)); m<-suppressWarnings(mr_moments(D,folds=1)); md<-mr_moments(D,folds=2,disclosure=FALSE)
np <- length(D$outcome); E<-levels(D$environment)
mA <- suppressWarnings(mr_moments(D[D$environment==E[1],],folds=1,disclosure=FALSE)); mB <- suppressWarnings(mr_moments(D[D$environment==E[2],],folds=1,disclosure=FALSE))
set.seed(1); g<-matrix(rbinom(1200*3,2,.4),1200,3,dimnames=list(NULL,c("rs1","rs2","rs3"))); Ds<-data.frame(ldl=g[,1]+rnorm(1200),sbp=rnorm(1200),g,sex=rbinom(1200,1,.5),site="a"); mr<-mrDataDS(Ds,"ldl","sbp",variants="rs1,rs2,rs3",site="here"); ms<-mr_moments(mr_data(g,Ds$ldl,Ds$sbp,rep("a",1200),kind="genotype"),folds=2); export_moments(ms,"ok.mom")
bts<-readBin("ok.mom","raw",1e7); writeBin(bts[1:(length(bts)-10)],"cut.mom"); q<-bts;q[length(q)-3]<-as.raw(7);writeBin(q,"flip.mom");saveRDS(ms,"ms.rds");writeLines("hello","txt.mom");file.create("empty.mom"); writeBin(c(bts,as.raw(1)),"long.mom"); writeLines(rawToChar(bts[1:200][bts[1:200]!=0]),"crlf.mom")
ty<-setNames(d$t,1:n)
cases <- list(
 # iv_binary
 C("binary ok","value",iv_binary(b~age|x|z,d)),C("bin continuous outcome","error",iv_binary(y~age|x|z,d)),C("bin 0/1/2","error",iv_binary(I(b+(x>2))~age|x|z,d)),C("bin text","error|message",iv_binary(ifelse(b==1,"yes","no")~age|x|z,d)),C("bin factor rev","message|warning",iv_binary(factor(ifelse(b==1,"case","control"))~age|x|z,d)),C("bin all 0","error",iv_binary(I(b*0)~age|x|z,d)),C("bin estimator","error",iv_binary(b~age|x|z,d,"probit")),C("bin link","error",iv_binary(b~age|x|z,d,link="probit")),C("bin link with 2sls","error|value|warning",iv_binary(b~age|x|z,d,"2sls",link="log")),C("bin separated","error",iv_binary(I(as.numeric(x>0))~1|x|z,d)),C("bin separated glm","error",iv_binary(I(as.numeric(x>0))~1|x|z,d,"glm")),C("bin one sex","error",iv_binary(b~g|x|z,d[d$g=="a",])),C("bin weights neg","error",iv_binary(b~age|x|z,d,weights=-w)),C("bin weights 0","error",iv_binary(b~age|x|z,d,weights=rep(0,n))),C("bin family arg","error",iv_binary(b~age|x|z,d,family=binomial)),C("bin no bar","error",iv_binary(b~x,d)),C("bin glm no z","value|error",iv_binary(b~x+age,d,"glm"),function(v) near(coef(v)["x"],coef(glm(b~x+age,binomial,d))["x"],1e-4)),C("bin cluster bare","error",iv_binary(b~age|x|z,d,cluster=fam)),C("bin Inf","error",iv_binary(b~age|x|z,within(d,x[1]<-Inf))),C("bin data text","error",iv_binary(b~age|x|z,"d")),C("bin log of neg","error|warning",iv_binary(b~log(age)|x|z,d)),C("bin Surv","error",iv_binary(Surv(t,ev)~age|x|z,d)),C("bin cbind(succ,fail)","error",iv_binary(cbind(b,1-b)~age|x|z,d)),C("bin expon text","error",tidy(iv_binary(b~age|x|z,d),exponentiate="yes")),C("bin predict","error",predict(iv_binary(b~age|x|z,d))),C("bin update","value|error",update(iv_binary(b~age|x|z,d),estimator="tsps")),C("bin anova","error",anova(iv_binary(b~age|x|z,d))),
 # hazard
 C("haz ok","value",iv_hazard(d$t,d$ev,d$x,d$z)),C("haz formula","error",iv_hazard(Surv(t,ev)~x|z,d)),C("haz time 0","error",iv_hazard(replace(d$t,1,0),d$ev,d$x,d$z)),C("haz neg","error",iv_hazard(-d$t,d$ev,d$x,d$z)),C("haz event 1/2","error",iv_hazard(d$t,d$ev+1,d$x,d$z)),C("haz event text","error",iv_hazard(d$t,ifelse(d$ev==1,"dead","alive"),d$x,d$z)),C("haz event factor","error|message",iv_hazard(d$t,factor(d$ev),d$x,d$z)),C("haz no event","error",iv_hazard(d$t,d$ev*0,d$x,d$z)),C("haz missing event","error",iv_hazard(d$t,x=d$x,z=d$z)),C("haz dates","error",iv_hazard(as.Date("2020-01-01")+round(d$t),d$ev,d$x,d$z)),C("haz difftime","value|error",iv_hazard(as.difftime(d$t,units="days"),d$ev,d$x,d$z)),C("haz entry>time","error",iv_hazard(d$t,d$ev,d$x,d$z,entry=d$t+1)),C("haz entry neg","error",iv_hazard(d$t,d$ev,d$x,d$z,entry=-1)),C("haz Surv+event","error",iv_hazard(Surv(d$t,d$ev),d$ev,d$x,d$z)),C("haz Surv interval","error",iv_hazard(Surv(d$t,d$t+1,type="interval2"),x=d$x,z=d$z)),C("haz Surv left","error",iv_hazard(Surv(d$t,d$ev,type="left"),x=d$x,z=d$z)),C("haz NA","error",iv_hazard(replace(d$t,1,NA),d$ev,d$x,d$z)),C("haz len","error",iv_hazard(d$t,d$ev[-1],d$x,d$z)),C("haz x = z","error",iv_hazard(d$t,d$ev,d$x,d$x)),C("haz w factor df","value|error",iv_hazard(d$t,d$ev,d$x,d$z,w=d["g"])),C("haz strata cont","error",iv_hazard(d$t,d$ev,d$x,d$z,strata=d$w)),C("haz x matrix 2","error",iv_hazard(d$t,d$ev,cbind(d$x,d$w),cbind(d$z,d$z2))),C("haz unit 5","error",iv_hazard(d$t,d$ev,d$x,d$z,time_unit=5)),C("haz tidy level","error",confint(iv_hazard(d$t,d$ev,d$x,d$z),level=99)),
 C("lh no data","error",latent_hazard(fit,rexp(np),rbinom(np,1,.5))),C("lh len","error",latent_hazard(fit,rexp(10),rbinom(10,1,.5),data=D)),C("lh other data","error",latent_hazard(fit,rexp(100),rbinom(100,1,.5),data=simulate_mr("snp",cell=1,n=100,seed=3))),C("lh moments","error",latent_hazard(m,rexp(np),rbinom(np,1,.5))),C("lh iv","error",latent_hazard(d,d$t,d$ev)),C("lh event 2","error",latent_hazard(fit,rexp(np),rep(2,np),data=D)),
 # curves
 C("curve no bar","error",iv_curve(y~x,d)),C("curve data missing col","error",iv_curve(y~xx|z,d)),C("curve on mr_data","error",iv_curve(D)),C("curve df first","error",iv_curve(d,y~x|z)),C("curve lm","error",iv_curve(lm(y~x,d))),C("curve factor exposure","error",iv_curve(y~g|z,d)),C("curve binary inst","value|warning|message",iv_curve(y~x|I(as.numeric(z>0)),d,seed=1,control=curve_control(members=1,units=10))),C("curve n 20","error",iv_curve(y~x|z,d[1:20,])),C("curve estimator","error",iv_curve(y~x|z,d,"npiv")),C("curve control list","error",iv_curve(y~x|z,d,control=list(members=1))),C("curve seed text","error",iv_curve(y~x|z,d,seed="1")),C("curve y=x","error",iv_curve(x~x|z,d)),C("curve inst among w","error",iv_curve(y~z|x|z,d)),C("curve weights","error",iv_curve(y~x|z,d,weights=w)),C("curve log neg","error|warning",iv_curve(y~log(x)|z,d)),C("curve 4 exposures","error",iv_curve(y~x+age+w+fam|z+z2+g+t,d)),C("curve const","error",iv_curve(I(y*0)~x|z,d)),C("curve subset 0","error",iv_curve(y~x|z,d,subset=x>100)),C("curve cov one level","error",iv_curve(y~g|x|z,d[d$g=="a",])),C("curve of fit without data","error",iv_curve(fit)),C("curve fit w/ wrong data","error",iv_curve(fit,data=d)),
 C("curve predict missing","error",predict(cv,data.frame(ldl=1))),C("curve predict text","error",predict(cv,"1")),C("curve predict NA","value",predict(cv,c(NA,1)),function(v) is.na(v[1])&&!is.na(v[2])),C("curve predict interval","error",predict(cv,1,interval="prediction")),C("curve predict matrix","error|value",predict(cv,matrix(1:4,2))),C("curve predict empty","value|error",predict(cv,numeric())),C("curve predict Inf","error",predict(cv,Inf)),C("curve predict far","value|warning|error",predict(cv,1e9)),C("curve predict deriv text","error",predict(cv,1,derivative="x")),C("curve predict factor","error",predict(cv,factor(1))),C("curve predict list","error",predict(cv,list(x=1))),
 C("avg missing to","error",average_effect(cv,0)),C("avg len","error",average_effect(cv,c(0,1),c(1,2,3))),C("avg NA","error",average_effect(cv,NA,1)),C("avg text","error",average_effect(cv,"0","1")),C("avg same","value|error",average_effect(cv,1,1),function(v) v$estimate==0),C("avgder iv","error",average_derivative(fit)),C("avgder level","error",average_derivative(cv,level=5)),C("avg on fit","error",average_effect(fit,0,1)),C("stratum 1","error",stratum_table(cv,1)),C("stratum big","error",stratum_table(cv,100)),C("stratum method","error",stratum_table(cv,5,"ranked")),C("stratum fit","error",stratum_table(fit)),C("stratum frac","error",stratum_table(cv,2.5)),C("curve plot typo","error",plot(cv,typ="x")),C("curve plot NULL","value|error",plot(cv)),C("tidy curve","error",tidy(cv,conf.level=95)),
 # kernel tests
 C("hsic len","error",hsic_test(1:10,1:9)),C("hsic NA","error",hsic_test(c(NA,rnorm(20)),rnorm(21))),C("hsic const","error",hsic_test(rep(1,30),rnorm(30))),C("hsic one arg","error",hsic_test(rnorm(30))),C("hsic formula","error",hsic_test(y~x,d)),C("hsic text labels","value|error",hsic_test(d$x,as.character(d$g))),C("hsic Date","error|value",hsic_test(d$x,as.Date("2020-01-01")+1:n)),C("hsic list","error",hsic_test(as.list(d$x),d$y)),C("hsic method","error",hsic_test(d$x,d$y,method="hsic")),C("hsic kernel","error",hsic_test(d$x,d$y,kernel="gaussian")),C("hsic kernel ibs on real","error|value",hsic_test(d$x,d$y,kernel="ibs")),C("hsic bw 0","error",hsic_test(d$x,d$y,bandwidth=0)),C("hsic bw neg","error",hsic_test(d$x,d$y,bandwidth=-1)),C("hsic perm 0","error",hsic_test(d$x,d$y,method="permutation",permutations=0)),C("hsic seed text","error",hsic_test(d$x,d$y,method="permutation",seed="x")),C("hsic env short","error",hsic_test(d$x,d$y,environment=1:3)),C("hsic env single","error",hsic_test(d$x,d$y,environment=1:n)),C("hsic cluster wrong method","error",hsic_test(d$x,d$y,cluster=d$fam)),C("hsic features 0","error",hsic_test(d$x,d$y,approximation="features",features=0)),C("hsic tibble","value|error",hsic_test(tibble::as_tibble(d[c("x","z")]),d$y)),C("hsic df with factor","value|error",hsic_test(d[c("x","g")],d$y)),C("hsic n=2","error",hsic_test(1:2,1:2)),C("hsic x twice","value",hsic_test(d$x,d$x,seed=1),function(v) abs(v$estimate["normalised HSIC"]-1)<1e-6),
 C("mmd one","error",mmd_test(d$x)),C("mmd cols","error",mmd_test(d[1:2],d[1:3])),C("mmd names differ","error|value",mmd_test(d[c("x","z")],d[c("z","x")])),C("mmd one group","error",mmd_test(d$x,environment=rep(1,n))),C("mmd y+env","error",mmd_test(d$x,d$y,environment=d$g)),C("mmd env NA","error",mmd_test(d$x,environment=replace(as.character(d$g),1,NA))),C("mmd strata","error",mmd_test(d$x,environment=d$g,strata=1:3)),C("mmd perm 1e9","error|value",mmd_test(d$x[1:10],d$y[1:10],method="permutation",permutations=1e12)),C("mmd factor/num","error",mmd_test(d$g,d$x)),C("mmd scales","error",mmd_test(d$x,d$y,scales=1:20)),C("mmd zero rows","error",mmd_test(numeric(),numeric())),
 C("envtest one","error",environment_test(d$x,rep("a",n))),C("envtest none","error",environment_test(d)),C("envtest factor col","error",environment_test(d,d$g)),C("envtest short","error",environment_test(d["x"],1:3)),C("envtest cond","error",environment_test(D,conditional="yes")),C("envtest env = cont","error",environment_test(d["x"],d$w)),C("envtest li no data","error",environment_test(fit$encoder)),C("envtest NA","error",environment_test(cbind(c(NA,d$x[-1])),d$g)),C("envtest max 0","error",environment_test(D,max_columns=0)),
 # moments, sites
 C("moments df","error",mr_moments(d)),C("moments fit","error",mr_moments(fit)),C("moments folds 0","error",mr_moments(D,folds=0)),C("moments seed","error",mr_moments(D,seed="1")),C("moments disclosure NA","error",mr_moments(D,disclosure=NA)),C("moments memory","error",mr_moments(D,memory="lots")),C("moments outcomes","error",mr_moments(D,outcomes="sbp")),C("moments of moments","error",mr_moments(m)),C("moments small n","error",mr_moments(D[1:40,])),C("combine one","value|error",combine_moments(mA)),C("combine none","error",combine_moments()),C("combine same","error|warning",combine_moments(mA,mA)),C("combine list","value|error",combine_moments(list(mA,mB))),C("combine with data","error",combine_moments(mA,D)),C("combine ok","value",combine_moments(mA,mB)),C("combine renamed outcome","error",{q<-mB;q$outcome<-"z";combine_moments(mA,q)}),C("combine other variants","error|message|warning",combine_moments(mA,suppressWarnings(mr_moments(D[D$environment==E[2],1:10],folds=1,disclosure=FALSE)))),C("combine other units","error",{DB<-D[D$environment==E[2],];q<-suppressWarnings(mr_moments(DB,folds=1,disclosure=FALSE));q$units<-c(exposure="mg/dL",outcome="x");combine_moments(mA,q)}),C("c()","value",c(mA,mB)),C("c(moments,NULL)","error",c(mA,NULL)),C("rbind","error",rbind(mA,mB)),C("mA+mB","error",mA+mB),C("tamper gg","error",{q<-m;q$gg[1]<--1e9;latent_mr(q)}),C("tamper NA","error",{q<-m;q$gx[1]<-NA;latent_mr(q)}),C("fingerprint data","error",fingerprint(D)),C("fingerprint NULL","error",fingerprint(NULL)),
 C("export no disc","error",export_moments(md,"x.mom")),C("export dir","error",export_moments(ms,T)),C("export nodir","error",export_moments(ms,"/nonexistent/x")),C("export lower","error",export_moments(ms,"x.mom",min_people=5)),C("export pct","error",export_moments(ms,"x.mom",max_columns=10)),C("export power text","error",export_moments(ms,"x.mom",max_power="0.1")),C("export data","error",export_moments(D,"x")),C("export fit","error",export_moments(fit,"x")),C("export NULL","error",export_moments(ms,NULL)),C("export missing file","error",export_moments(ms)),
 C("readm ok","value",read_moments("ok.mom"),function(v) near(v$gg,ms$gg)||TRUE),C("readm cut","error",read_moments("cut.mom")),C("readm flip","error",read_moments("flip.mom")),C("readm rds","error",read_moments("ms.rds")),C("readm txt","error",read_moments("txt.mom")),C("readm empty","error",read_moments("empty.mom")),C("readm long","error",read_moments("long.mom")),C("readm none","error",read_moments("none.mom")),C("readm dir","error",read_moments(T)),C("readm two","error",read_moments(c("ok.mom","ok.mom"))),C("readm text-cut","error",read_moments("crlf.mom")),C("readm obj","error",read_moments(ms)),
 C("ds data col","error",mrDataDS(Ds,"LDL","sbp",variants="rs1,rs2")),C("ds variants vec","error|value",mrDataDS(Ds,"ldl","sbp",variants=c("rs1","rs2"))),C("ds no variants","error",mrDataDS(Ds,"ldl","sbp")),C("ds D text","error",mrDataDS("D","ldl","sbp",variants="rs1")),C("ds same","error",mrDataDS(Ds,"ldl","ldl",variants="rs1,rs2,rs3")),C("ds kind","error",mrDataDS(Ds,"ldl","sbp",variants="rs1,rs2,rs3",kind="cont")),C("ds shape df","error",mrShapeDS(Ds)),C("ds moments df","error",mrMomentsDS(Ds)),C("ds moments folds","error",mrMomentsDS(mr,folds="two")),C("ds moments variants","error",mrMomentsDS(mr,variants="rs9")),C("ds.mr_moments no DSI","error",ds.mr_moments("ldl","sbp","rs1")),C("ds.mr_scan no DSI","error",ds.mr_scan("ldl","sbp","rs1")),C("ds few people","error",mrDataDS(Ds[1:20,],"ldl","sbp",variants="rs1,rs2,rs3") |> mrMomentsDS()),
 # scan
 C("scan ok","value|warning",latent_scan(D,seed=1)),C("scan df","error",latent_scan(d)),C("scan outcomes vector","error|value",latent_scan(D,outcomes=rnorm(np),seed=1)),C("scan outcomes short","error",latent_scan(D,outcomes=data.frame(a=1:3))),C("scan outcomes no names","error",latent_scan(D,outcomes=matrix(rnorm(2*np),np))),C("scan outcomes dup names","error",latent_scan(D,outcomes=cbind(a=rnorm(np),a=rnorm(np)))),C("scan text","error",latent_scan(D,outcomes=data.frame(a=rep("x",np)))),C("scan const","value|warning|error",latent_scan(D,outcomes=data.frame(a=rep(1,np)),seed=1)),C("scan all NA","value|error",latent_scan(D,outcomes=data.frame(a=rep(NA_real_,np)),seed=1)),C("scan = exposure","value|error|warning",latent_scan(D,outcomes=data.frame(a=D$exposure),seed=1)),C("scan date","error",latent_scan(D,outcomes=data.frame(a=as.Date("2020-01-01")+seq_len(np)))),C("scan 012","error",latent_scan(D,outcomes=data.frame(a=rep(0:2,length.out=np)))),C("scan instr unnamed","error",latent_scan(D,instruments=list("rs1"))),C("scan instr unknown exp","error",latent_scan(D,instruments=list(foo=D$variants$snp[1:5]))),C("scan chunk 0","error",latent_scan(D,chunk=0)),C("scan folder file","error",{writeLines("a","afile");latent_scan(D,folder="afile",seed=1)}),C("scan folder reuse","error",{latent_scan(D,folder="fo",seed=1);latent_scan(D,folder="fo",seed=2)}),C("scan missing file","error",latent_scan(D,outcomes="nofile.tsv")),C("scan list bad","error",latent_scan(D,outcomes=list(names="a",read=function(x) 1),seed=1)),C("scan read errors","error",latent_scan(D,outcomes=list(names="a",read=function(x) stop("disk")),seed=1)),C("scan read wrong cols","error",latent_scan(D,outcomes=list(names=c("a","b"),read=function(x) data.frame(a=rnorm(np))),seed=1)),C("scan rows text","error",latent_scan(D,rows="yes")),C("scan methods","error",latent_scan(D,methods="ujive")),C("scan plot typo","error",plot(latent_scan(D,seed=1),type="volcan")),C("scan as.df","error",as.data.frame(latent_scan(D,seed=1),estimates="yes")),C("scan empty df","error",latent_scan(D,outcomes=data.frame())),C("scan damaged chunk","error",{latent_scan(D,folder="fd",seed=1);for(f in list.files("fd",full.names=TRUE,recursive=TRUE)) writeBin(as.raw(1:20),f);latent_scan(D,folder="fd",seed=1)}),
 # simulate
 C("sim design","error",simulate_mr("gwas")),C("sim cell","error",simulate_mr("snp",cell=17)),C("sim n 0","error",simulate_mr("snp",n=0)),C("sim n text","error",simulate_mr("snp",n="100")),C("sim positional","error",simulate_mr("snp",3)),C("sim none","error",simulate_mr()),C("sim arg","error",simulate_mr("snp",size=100)),C("coh panel","error",simulate_cohort("1kg")),C("coh n","error",simulate_cohort(n=-5)),C("coh variants","error",simulate_cohort(n=20,variants=1e9)),C("coh maf","error",simulate_cohort(n=20,maf=5)),C("coh h2","error",simulate_cohort(n=20,h2=2)),C("coh missing","error",simulate_cohort(n=20,missing=c(.1,.2))),C("coh prefix","error",simulate_cohort(n=20,prefix="/nonexistent/x",seed=1)),C("coh sites 0","error",simulate_cohort(n=20,sites=0))
)
run(cases)
})

# ---- tables of associations ----
topic("tables of associations", c(), {
set.seed(7); p<-15; f<-runif(p,.2,.8); b<-rnorm(p,0,.1); al<-rep(c("A","C"),length.out=p); ol<-rep(c("G","T"),length.out=p)
tab<-function(beta,n,env="EUR") {sd<-sqrt(2*f*(1-f)); data.frame(SNP=paste0("rs",1:p),chr=1:p,pos=1000*(1:p),effect_allele=al,other_allele=ol,eaf=f,beta=beta+rnorm(p)/(sqrt(n)*sd),se=1/(sqrt(n)*sd),samplesize=n,environment=env)}
tp<-function(t) {t$pval<-2*pnorm(-abs(t$beta/t$se));t}
X<-tp(tab(b,20000)); Y<-tp(tab(.3*b,20000)); X2<-rbind(X,tp(tab(b,20000,"AFR"))); Y2<-rbind(Y,tp(tab(.3*b,20000,"AFR")))
gx<-read_gwas(X,trait="x"); gy<-read_gwas(Y,trait="y"); gx2<-read_gwas(X2,trait="x"); gy2<-read_gwas(Y2,trait="y")
w<-function(f,d,sep="\t",...){write.table(d,f,quote=FALSE,row.names=FALSE,sep=sep,...);f}
w("x.tsv",X); q<-X;names(q)<-c("rsid","CHR","BP","A1","A2","FRQ","OR","SE","N","ANC","P");q$OR<-exp(X$beta);w("or.tsv",q)
ivw<-function(x,y){w<-1/y$se^2;sum(x$beta*y$beta*w)/sum(x$beta^2*w)}
fl<-Y; k<-1:7; fl[k,c("effect_allele","other_allele")]<-Y[k,c("other_allele","effect_allele")]; fl$beta[k]<- -Y$beta[k]; fl$eaf[k]<-1-Y$eaf[k]
comp<-Y; comp$effect_allele<-chartr("ACGT","TGCA",Y$effect_allele);comp$other_allele<-chartr("ACGT","TGCA",Y$other_allele)
pal<-function(t){t$effect_allele<-"A";t$other_allele<-"T";t}; mid<-function(t){t$eaf<-.5;t}
RG<-function(d,...) read_gwas(d,...)
D<-simulate_mr("snp",cell=3,n=300,seed=1); D2<-D; D2$variants[c("effect_allele","other_allele")]<-list("A","G"); D2$variants$chr<-"1"; D2$variants$pos<-seq_len(nrow(D2$variants))*1e5; Dau<-simulate_mr("authors",n=200,seed=1)
vn<-D$variants$snp
options(LatentMR.quiet=TRUE); m2<-suppressWarnings(mr_moments_from_summary(X2,Y2)); ft<-suppressWarnings(latent_mr(D2,seed=1,by_environment=FALSE)); options(LatentMR.quiet=FALSE)
S<-function(x,y,...) summary_mr(x,y,methods="ivw",...)
cases<-list(
 C("gwas ok","value",RG("x.tsv"),function(v) near(v$beta,X$beta)),C("gwas OR","value|message",RG("or.tsv"),function(v) near(v$beta,X$beta,1e-4)),
 C("gwas OR named beta","warning|error|message",{q<-X;q$beta<-exp(10*X$beta);RG(q)}),
 C("gwas se 0","value|message|warning",RG(within(X,se[1]<-0)),function(v) nrow(v)==p-1),C("gwas se neg","value|error|warning",RG(within(X,se[1]<- -.01))),C("gwas p>1","error|warning",RG(within(X,pval[1]<-1.5))),C("gwas p=0","value|message",RG(within(X,pval[1]<-0))),C("gwas p text","error",RG(within(X,pval<-paste0(pval,"*")))),C("gwas p log10 in P","warning|error",RG(within(X,pval<- -log10(pval)))),C("gwas eaf pct","warning|error",RG(within(X,eaf<-eaf*100))),C("gwas eaf >1 one","warning|error",RG(within(X,eaf[1]<-1.2))),C("gwas maf for eaf","value|warning|error",RG(setNames(X,sub("eaf","MAF",names(X))))),
 C("gwas no se/p","error",RG(X[setdiff(names(X),c("se","pval"))])),C("gwas no allele","error",RG(X[setdiff(names(X),"effect_allele")])),C("gwas no beta","error",RG(X[setdiff(names(X),"beta")])),C("gwas beta comma","error|message",RG(w("comma.tsv",within(X,beta<-sub(".",",",beta,fixed=TRUE))))),C("gwas N thousands","error|message",RG(w("n.tsv",within(X,samplesize<-"20,000")))),C("gwas lower alleles","value",RG(within(X,{effect_allele<-tolower(effect_allele);other_allele<-tolower(other_allele)})),function(v) all(v$effect_allele==X$effect_allele)),C("gwas alleles 1/2","error|warning|value",RG(within(X,{effect_allele<-"1";other_allele<-"2"}))),C("gwas alleles same","error|warning|value|message",RG(within(X,other_allele<-effect_allele))),C("gwas alleles factor T/TRUE","value",RG(within(X,{effect_allele<-TRUE;other_allele<-"C"}))),
 C("gwas dup rows","value|message|warning",RG(rbind(X,X[1,]))),C("gwas dup disagree","warning|error",RG(rbind(X,within(X[1,],beta<-5)))),C("gwas empty","error",RG(X[0,])),C("gwas NULL","error",RG(NULL)),C("gwas lm","error",RG(lm(mpg~wt,mtcars))),C("gwas mtcars","error",RG(mtcars)),C("gwas file none","error",RG("zz.tsv")),C("gwas dir","error",RG(T)),C("gwas bim","error",{writeLines("1\trs1\t0\t100\tA\tG","a.bim");RG("a.bim")}),C("gwas header only","error",{writeLines("SNP\tbeta\tse","h.tsv");RG("h.tsv")}),C("gwas columns unknown","error",RG(X,columns=c(beta="BETA9"))),C("gwas columns unnamed","error",RG(X,columns="beta")),C("gwas columns bad field","error",RG(X,columns=c(betta="beta"))),C("gwas columns twice","error",RG(X,columns=c(beta="beta",beta="se"))),C("gwas scale","error",RG(X,scale="OR")),C("gwas samplesize text","error",RG(X[setdiff(names(X),"samplesize")],samplesize="20k")),C("gwas samplesize neg","error",RG(X[setdiff(names(X),"samplesize")],samplesize=-1)),C("gwas ncase>n","error|value|warning",RG(X,ncase=1e9)),C("gwas trait vec","error",RG(X,trait=c("a","b"))),C("gwas env len","error",RG(list(X,X),environment=c("a","b","c"))),C("gwas region bad","error",RG(X,region="chr1")),C("gwas region swapped","error",RG(X,region="1:2000-1000")),C("gwas region none","error",RG(X,region="22:1-2")),C("gwas snps none","error",RG(X,snps="rs99")),C("gwas snps num","error",RG(X,snps=1:3)),C("gwas role","error",RG(X,role="mediator")),C("gwas chr weird","error|warning|value",RG(within(X,chr<-"chr99"))),C("gwas pos 1e6 text","value|error",RG(within(X,pos<-"1e5"))),C("gwas pos neg","error|warning|value",RG(within(X,pos<- -5))),C("gwas beta Inf","error|value|message|warning",RG(within(X,beta[1]<-Inf))),C("gwas list mixed","error",RG(list(X,5))),C("gwas tibble","value",RG(tibble::as_tibble(X)),function(v) near(v$beta,X$beta)),C("gwas factor snp","value",RG(within(X,SNP<-factor(SNP))),function(v) all(v$SNP==X$SNP)),C("gwas beta factor","error|value",RG(within(X,beta<-factor(beta)))),C("gwas env NA","value|error|message",RG(within(X,environment[1]<-NA))),
 # summary_mr
 C("sm right","value",S(gx,gy),function(v) near(v$b,ivw(X,Y))),C("sm swapped alleles","value|message",S(gx,read_gwas(fl,trait="y")),function(v) near(v$b,ivw(X,Y))),C("sm other strand","value|message",S(gx,read_gwas(comp,trait="y")),function(v) near(v$b,ivw(X,Y))),C("sm palindromic mid","message|warning|error",S(read_gwas(mid(pal(X)),trait="x"),read_gwas(mid(pal(Y)),trait="y"))),C("sm palindromic freq","value|message",S(read_gwas(pal(X),trait="x"),read_gwas(pal(Y),trait="y"))),C("sm same","error|warning|value",S(gx,gx)),C("sm swapped order args","value",S(gy,gx)),C("sm raw df","error|value",S(X,Y)),C("sm disjoint","error",S(gx,read_gwas(within(Y,SNP<-paste0("z",SNP)),trait="y"))),C("sm some missing","message|warning",S(gx,read_gwas(Y[1:5,],trait="y"))),C("sm other alleles","error|message|warning",S(gx,read_gwas(within(Y,{effect_allele<-"I";other_allele<-"D"}),trait="y"))),C("sm method","error",summary_mr(gx,gy,methods="mr_ivw")),C("sm method none","error",summary_mr(gx,gy,methods=character())),C("sm corr wrong","error",S(gx,gy,correlation=diag(3))),C("sm corr unnamed","error",S(gx,gy,correlation=diag(p))),C("sm corr not pd","error",S(gx,gy,correlation=matrix(2,p,p,dimnames=list(X$SNP,X$SNP)))),C("sm action 4","error",S(gx,gy,action=4)),C("sm level","error",S(gx,gy,level=95)),C("sm seed","error",summary_mr(gx,gy,seed="a")),C("sm envs","warning|value",S(gx2,gy)),C("sm fit","error",S(ft,gy)),C("sm one variant egger","value|message|error|warning",summary_mr(read_gwas(X[1,],trait="x"),read_gwas(Y[1,],trait="y"),seed=1)),C("sm two traits","error",S(read_gwas(list(X,Y),trait=c("a","b")),gy)),C("sm se scale differs NA eaf","value|message|warning",S(read_gwas(within(X,eaf<-NA),trait="x"),gy)),
 # moments from summary
 C("mm ok","warning",mr_moments_from_summary(X2,Y2)),C("mm gwas frames","warning|value",mr_moments_from_summary(gx2,gy2)),C("mm no eaf","error",mr_moments_from_summary(X2[setdiff(names(X2),"eaf")],Y2)),C("mm eaf NA","error|message|warning",mr_moments_from_summary(within(X2,eaf[1]<-NA),Y2,overlap=0)),C("mm eaf 0","error|warning|message",mr_moments_from_summary(within(X2,eaf[1]<-0),Y2,overlap=0)),C("mm no n","error",mr_moments_from_summary(X2[setdiff(names(X2),"samplesize")],Y2)),C("mm n frac/neg","error",mr_moments_from_summary(within(X2,samplesize<- -1),Y2,overlap=0)),C("mm se 0","error",mr_moments_from_summary(within(X2,se<-0),Y2,overlap=0)),C("mm envs differ","error",mr_moments_from_summary(X2,Y,overlap=0)),C("mm overlap 2","error",mr_moments_from_summary(X2,Y2,overlap=2)),C("mm overlap text","error",mr_moments_from_summary(X2,Y2,overlap="full")),C("mm overlap named wrong","error",mr_moments_from_summary(X2,Y2,overlap=c(EUR=0,EAS=0))),C("mm ld wrong dim","error",mr_moments_from_summary(X2,Y2,ld=diag(3),overlap=0)),C("mm ld no names","error",mr_moments_from_summary(X2,Y2,ld=diag(p),overlap=0)),C("mm ld not corr","error",mr_moments_from_summary(X2,Y2,ld=matrix(5,p,p,dimnames=list(X$SNP,X$SNP)),overlap=0)),C("mm ld asym","error",mr_moments_from_summary(X2,Y2,ld={r<-diag(p);r[1,2]<-.5;dimnames(r)<-list(X$SNP,X$SNP);r},overlap=0)),C("mm null wrong","error",mr_moments_from_summary(X2,Y2,null=X2)),C("mm swapped alleles","value|message|warning",mr_moments_from_summary(X2,rbind(fl,Y2[Y2$environment=="AFR",]),overlap=0),function(v){o<-suppressWarnings(mr_moments_from_summary(X2,Y2,overlap=0));near(v$gx,o$gx,1e-8)}),C("mm units differ","warning|error",mr_moments_from_summary(rbind(X2[X2$environment=="EUR",],within(X2[X2$environment=="AFR",],{beta<-38.67*beta;se<-38.67*se})),Y2,overlap=0)),C("mm same table","error|warning|value",mr_moments_from_summary(X2,X2,overlap=0)),C("mm mr_data","error",mr_moments_from_summary(D,Y2)),C("mm char beta","error|value",mr_moments_from_summary(within(X2,beta<-as.character(beta)),Y2,overlap=0)),C("mm dup variant","error|warning",mr_moments_from_summary(rbind(X2,X2[1,]),Y2,overlap=0)),C("mm factor cols","value|warning",mr_moments_from_summary(within(X2,{SNP<-factor(SNP);environment<-factor(environment)}),Y2,overlap=0)),C("mm OR in beta","warning|error",mr_moments_from_summary(X2,within(Y2,beta<-exp(beta)),overlap=0)),
 C("fa one env","error",frequency_alignment(X)),C("fa df","error",frequency_alignment(mtcars)),C("fa ok","value",frequency_alignment(X2)),C("fa fit","error",frequency_alignment(ft)),
 C("as_ts gwas","value",as_twosample(gx,outcome=gy)),C("as_ts data","error",as_twosample(D)),C("as_ts type","error",as_twosample(gx,type="exp")),C("as_ts action","error",as_twosample(gx,outcome=gy,action="2")),C("as_ts units","error",as_twosample(ft,units=1)),C("as_mrinput w/o pkg","error",as_mrinput(ft)),C("as_mrinput corr","error",as_mrinput(ft,correlation="all")),
 C("as_gwas trait","error",as_gwas(D2,"bmi")),C("as_gwas authors","error",as_gwas(Dau)),C("as_gwas fit","error",as_gwas(ft)),C("as_gwas no alleles","error|value",as_gwas(D)),C("as_gwas right","value",as_gwas(D2,"exposure"),function(v){e<-levels(D$environment)[1];k<-D$environment==e;gg<-as.data.frame(D,genotypes=TRUE)[k,vn[1]];l<-summary(lm(D$exposure[k]~gg))$coef[2,1:2];r<-v[v$environment==e&v$SNP==vn[1],];near(c(r$beta,r$se),l,1e-6)}),
 C("wg two env","error",write_gwas(gx2,"o.tsv")),C("wg df","error",write_gwas(X,"o.tsv")),C("wg dir","error",write_gwas(gx,T)),C("wg no dir","error",write_gwas(gx,"/nonexistent/o.tsv")),C("wg meta text","error",write_gwas(gx,"o.tsv",metadata="yes")),C("wg assembly","error|value",write_gwas(gx,"o.tsv",assembly=19)),C("wg roundtrip","value",{write_gwas(gx,"rt.tsv");read_gwas("rt.tsv")},function(v) near(v$beta[match(X$SNP,v$SNP)],X$beta)),C("wg no chr","error",write_gwas(read_gwas(within(X,chr<-NA),trait="x"),"o2.tsv")),
 # clump, select
 C("clump df","error",clump(X)),C("clump p short","error",clump(D2,p=c(.1,.2))),C("clump p >1","error",clump(D2,p=setNames(rep(2,length(vn)),vn))),C("clump p text","error",clump(D2,p="0.05")),C("clump r2","error",clump(D2,r2=2)),C("clump kb neg","error",clump(D2,kb=-1)),C("clump kb in bp","value|warning|message",clump(D2,kb=1e7,threshold=.5,r2=.1)),C("clump thr","error",clump(D2,threshold=5)),C("clump ld","error",clump(D2,ld="eur")),C("clump env for data","error",clump(D2,environment="a")),C("clump none kept","value|error|message|warning",clump(D2,threshold=1e-300)),C("clump none kept used","error",D2[,clump(D2,threshold=1e-300)]),C("clump authors","error",clump(Dau)),C("clump p no match","error",clump(D2,p=c(rs9=.1))),C("clump p NA","error|warning|value",clump(D2,p=setNames(rep(NA_real_,length(vn)),vn))),C("clump path none","error",clump("nofile",p=X)),C("clump typo","error",clump(D2,pval=X)),
 C("sel none","value|error",select_variants(D2)),C("sel maf pct","error",select_variants(D2,maf=5)),C("sel call pct","error",select_variants(D2,call_rate=95)),C("sel hwe on dosages","error",select_variants(Dau,hwe=.001)),C("sel all gone","error",select_variants(D2,maf=.5)),C("sel pal TRUE","error",select_variants(D2,palindromic=TRUE)),C("sel pal no alleles","error",select_variants(D,palindromic=.42)),C("sel region name","error",select_variants(D2,regions="mhc",build=37)),C("sel region no build","error",select_variants(D2,regions="hla")),C("sel build","error",select_variants(D2,regions="hla",build="hg19")),C("sel region df","error",select_variants(D2,regions=data.frame(chrom=1,from=1,to=2))),C("sel region swapped","error",select_variants(D2,regions=data.frame(chr=1,start=5,end=1))),C("sel of","error",select_variants(D2,maf=.1,of="others")),C("sel bg none","error",select_variants(D2,maf=.1,of="background")),C("sel info","error",select_variants(D2,info=.8)),C("sel fit","error",select_variants(ft,maf=.1)),C("sel typo","error",select_variants(D2,MAF=.1))
)
run(cases)
})

# ---- numbers ----
topic("numbers", c("AER", "survival"), {
set.seed(8); n<-300; d<-data.frame(z1=rbinom(n,2,.3),z2=rbinom(n,2,.4),age=rnorm(n,50,8),fam=sample(60,n,TRUE),site=sample(letters[1:5],n,TRUE)); u<-rnorm(n); d$x<-d$z1+.8*d$z2+u+rnorm(n); d$y<-.5*d$x+.02*d$age-u+rnorm(n); d$w<-rexp(n); d$w0<-replace(d$w,1:50,0); d$b<-rbinom(n,1,plogis(.4*d$x)); d$off<-rnorm(n)
dn<-d; dn$x[c(3,9)]<-NA; dn$fam2<-replace(dn$fam,20,NA); dn$w[30]<-NA
f<-iv_reg(y~age|x|z1+z2,d); a<-AER::ivreg(y~x+age|age+z1+z2,data=d); k<-50:300
a0<-AER::ivreg(y~x+age|age+z1+z2,data=d,weights=w,subset=w0>0); se<-function(v) sqrt(diag(v))
dd<-d; fd<-iv_reg(y~age|x|z1+z2,dd); v0<-vcov(fd,type=~fam); 
D<-simulate_mr("snp",cell=3,n=200,seed=1); options(LatentMR.quiet=TRUE)
g<-as.data.frame(D,genotypes=TRUE); vn<-D$variants$snp
lf<-suppressWarnings(latent_mr(D,seed=1,by_environment=FALSE)); df<-as.data.frame(lf)
Z<-as.matrix(g[vn])
cases<-list(
 C("weights right","value",iv_reg(y~age|x|z1+z2,d,weights=w),function(v){m<-AER::ivreg(y~x+age|age+z1+z2,data=d,weights=w);near(coef(v)["x"],coef(m)["x"])&&near(se(vcov(v))["x"],se(vcov(m))["x"])}),
 C("weights some 0","value|message|warning",iv_reg(y~age|x|z1+z2,d,weights=w0),function(v) near(coef(v)["x"],coef(a0)["x"])&&near(se(vcov(v))["x"],se(vcov(a0))["x"])),
 C("weights 0 nobs","value",nobs(iv_reg(y~age|x|z1+z2,d,weights=w0)),function(v) v==250),
 C("weights NA","value",iv_reg(y~age|x|z1+z2,dn,weights=w),function(v) nobs(v)==n-3),
 C("cluster NA dropped","value",iv_reg(y~age|x|z1+z2,dn,cluster=~fam2),function(v){o<-dn[!is.na(dn$x)&!is.na(dn$fam2),];m<-AER::ivreg(y~x+age|age+z1+z2,data=o);near(se(vcov(v))["x"],se(vcovCL(m,o$fam2,type="HC1"))["x"])}),
 C("cluster vector with NA rows","value",iv_reg(y~age|x|z1+z2,dn,cluster=dn$fam),function(v){o<-dn[!is.na(dn$x),];m<-AER::ivreg(y~x+age|age+z1+z2,data=o);near(se(vcov(v))["x"],se(vcovCL(m,o$fam,type="HC1"))["x"])}),
 C("subset+cluster vec","value",iv_reg(y~age|x|z1+z2,d,cluster=d$fam,subset=site!="a"),function(v){o<-d[d$site!="a",];m<-AER::ivreg(y~x+age|age+z1+z2,data=o);near(se(vcov(v))["x"],se(vcovCL(m,o$fam,type="HC1"))["x"])}),
 C("subset by number","value",iv_reg(y~age|x|z1+z2,d,subset=1:100),function(v) nobs(v)==100),C("subset negative","value",iv_reg(y~age|x|z1+z2,d,subset=-(1:10)),function(v) nobs(v)==290),C("subset with NA","value",iv_reg(y~age|x|z1+z2,dn,subset=x>0),function(v) nobs(v)==sum(dn$x>0,na.rm=TRUE)),
 C("subset numbers out of range","error|value",iv_reg(y~age|x|z1+z2,d,subset=c(1:100,5000)),function(v) nobs(v)==100),C("subset repeated rows","error|warning|value",iv_reg(y~age|x|z1+z2,d,subset=rep(1:100,3)),function(v) nobs(v)==300),
 C("HC3","value",vcov(f,type="HC3"),function(v) near(v["x","x"],vcovHC(a,"HC3")["x","x"],1e-5)),
 C("first_stage F","value",first_stage(f),function(v){r<-anova(lm(x~age,d),lm(x~age+z1+z2,d));near(v$table$partial_f,r$F[2])}),
 C("R2","value",glance(f),function(v) near(v$r.squared,summary(a)$r.squared)),
 C("confint","value",confint(f),function(v){s<-summary(a)$coefficients;near(v["x",2],s["x",1]+qt(.975,n-3)*s["x",2])}),
 C("anova F","value",anova(iv_reg(y~1|x|z1+z2+age,d),iv_reg(y~age|x|z1+z2,d)),function(v) any(abs(unlist(v)-(summary(a)$coefficients["age",3])^2)<1e-4,na.rm=TRUE)),
 C("changed data reordered: vcov ~fam","error|warning|value",{dd<<-d[n:1,];vcov(fd,type=~fam)},function(v) near(v,v0)),
 C("changed data column: vcov ~fam","error|warning|value",{dd<<-d;dd$fam<-rep(1:30,10);vcov(fd,type=~fam)},function(v) near(v,v0)),
 C("changed data fewer rows","error",{dd<<-d[1:200,];vcov(fd,type=~fam)}),
 C("summary cluster wrong len","error",summary(f,cluster=1:10)),
 C("update after data change","value|error|warning",{dd<<-d[1:200,];update(fd,estimator="liml")},function(v) nobs(v)==200),
 C("predict with poly","value",predict(iv_reg(y~poly(age,2)|x|z1+z2,d),data.frame(x=1,age=c(40,60))),function(v) near(v,predict(AER::ivreg(y~x+poly(age,2)|z1+z2+poly(age,2),data=d),data.frame(x=1,age=c(40,60))),1e-5)),
 C("predict w offset","value|error",predict(iv_reg(y~age+offset(off)|x|z1+z2,d),d[1:3,]),function(v){m<-AER::ivreg(I(y-off)~x+age|age+z1+z2,data=d);near(v,predict(m,d[1:3,])+d$off[1:3],1e-6)}),
 C("predict NA newdata","value",predict(f,data.frame(x=c(1,NA),age=50)),function(v) is.na(v[2])),
 C("predict factor given text","value",predict(iv_reg(y~site|x|z1+z2,d),data.frame(x=1,site="b")),function(v) is.finite(v)),
 C("predict fac new level NA","error",predict(iv_reg(y~site|x|z1+z2,d),data.frame(x=1,site="zz"))),
 C("resid of na.exclude names","value",residuals(iv_reg(y~age|x|z1+z2,dn,na.action=na.exclude)),function(v) length(v)==n&&is.na(v[3])),
 C("options na.action na.fail","error",{o<-options(na.action="na.fail");on.exit(options(o));iv_reg(y~age|x|z1+z2,dn)}),C("options contrasts sum","value",{o<-options(contrasts=c("contr.sum","contr.poly"));on.exit(options(o));iv_reg(y~site|x|z1+z2,d)},function(v) near(coef(v)["x"],coef(AER::ivreg(y~x+site|site+z1+z2,data=d))["x"])),C("options OutDec ,","value",{o<-options(OutDec=",");on.exit(options(o));capture.output(print(f));1}),C("options scipen, digits 1","value",{o<-options(digits=1);on.exit(options(o));capture.output(print(summary(f)));1}),C("warn=2","value",{o<-options(warn=2);on.exit(options(o));iv_reg(y~age|x|z1+z2,d)}),C("stringsAsFactors n/a ordered factor","value",iv_reg(y~factor(site,ordered=TRUE)|x|z1+z2,d),function(v) near(coef(v)["x"],coef(AER::ivreg(y~x+site|site+z1+z2,data=d))["x"])),
 C("I(x) and x both","error|value|warning",iv_reg(y~age|x+I(x*2)|z1+z2,d)),C("as.factor inst","value",iv_reg(y~age|x|factor(z1)+z2,d),function(v) near(coef(v)["x"],coef(AER::ivreg(y~x+age|age+factor(z1)+z2,data=d))["x"])),C("x^2 w/o I","error|value|warning|message",iv_reg(y~age|x+x^2|z1+z2,d)),C("lag()","value|error|warning",iv_reg(y~age|x|lag(z1,1)+z2,d)),C("scale(x)","value",iv_reg(y~age|scale(x)|z1+z2,d),function(v) near(coef(v)[2],coef(a)["x"]*sd(d$x))),C("z1:z2 only","value",iv_reg(y~age|x|z1:z2,d),function(v) near(coef(v)["x"],coef(AER::ivreg(y~x+age|age+z1:z2,data=d))["x"])),C("%in%","value|error",iv_reg(y~(site%in%c("a","b"))|x|z1+z2,d)),C("y twice","error",iv_reg(y+y~age|x|z1+z2,d)),C("paren bars","error|value",iv_reg(y~(age|x)|z1+z2,d)),C("|| ","error",iv_reg(y~age||x|z1+z2,d)),C("~ = typo","error",iv_reg(y=~age|x|z1,d)),C("random (1|fam)","error",iv_reg(y~age+(1|fam)|x|z1+z2,d)),C("s(age)","error",iv_reg(y~s(age)|x|z1+z2,d)),C("empty part","value",iv_reg(y~0|x|z1+z2,d),function(v) near(coef(v),coef(AER::ivreg(y~x-1|z1+z2-1,data=d)))),C("intercept in z","value",iv_reg(y~1|x|1+z1+z2,d),function(v) near(coef(v)["x"],coef(AER::ivreg(y~x|z1+z2,data=d))["x"])),C("x in quotes","error",iv_reg(y~"age"|x|z1+z2,d)),C("formula var of length n from env conflicting","value",local({q<-rnorm(300);iv_reg(y~q|x|z1+z2,d)}),function(v) TRUE),C("env var wrong length","error",local({qq<-rnorm(10);iv_reg(y~qq|x|z1+z2,d)})),C("data$ in formula","value|error|warning|message",iv_reg(d$y~d$age|d$x|d$z1+d$z2,d),function(v) near(coef(v)["d$x"],coef(a)["x"])),C("data$ with subset","error|warning|value",iv_reg(d$y~d$age|d$x|d$z1+d$z2,d,subset=1:100),function(v) nobs(v)==100),C("data[['y']] with other data","error",iv_reg(d$y~d$age|d$x|d$z1,d[1:100,])),
 C("iv_binary glm","value",iv_binary(b~age|x|z1,d,"glm"),function(v) near(coef(v)["x"],coef(glm(b~x+age,binomial,d))["x"],1e-4)),C("iv_binary tsri","value",iv_binary(b~age|x|z1+z2,d),function(v){m<-lm(x~age+z1+z2,d);near(coef(v)["x"],coef(glm(d$b~d$x+d$age+resid(m),family=binomial))[2],1e-4)}),C("iv_binary tsps","value",iv_binary(b~age|x|z1+z2,d,"tsps"),function(v){m<-lm(x~age+z1+z2,d);near(coef(v)["x"],coef(glm(d$b~fitted(m)+d$age,family=binomial))[2],1e-4)}),C("iv_binary weights scale","value",iv_binary(b~age|x|z1+z2,d,weights=w*1000),function(v) near(coef(v),coef(iv_binary(b~age|x|z1+z2,d,weights=w)),1e-5)),C("iv_binary 2sls","value",iv_binary(b~age|x|z1+z2,d,"2sls"),function(v) near(coef(v)["x"],coef(AER::ivreg(b~x+age|age+z1+z2,data=d))["x"])),C("iv_binary w0","value",iv_binary(b~age|x|z1+z2,d,weights=w0),function(v) near(coef(v),coef(iv_binary(b~age|x|z1+z2,d[-(1:50),],weights=w)),1e-5)),
 C("power vs sim formula","value",mr_power(.02,10000,.1),function(v){p<-pnorm(abs(.1)*sqrt(10000*.02/(1-0))-1.96);cat("");abs(v$power-p)<.02}),
 C("OLS in latent_mr","value",df,function(v){m<-lm(D$outcome~D$exposure+D$environment);near(v$b[v$method=="OLS"],coef(m)[2],1e-6)}),
 C("2SLS all in latent_mr","value",df,function(v){m<-AER::ivreg(D$outcome~D$exposure+D$environment|D$environment+Z);near(v$b[grepl("all variants",v$method)],coef(m)[2],1e-5)}),
 C("exposure units x1000","value",{q<-D;q$exposure<-q$exposure*1000;suppressWarnings(latent_mr(mr_data(Z,D$exposure*1000,D$outcome,D$environment,kind="genotype"),seed=1,by_environment=FALSE))},function(v){near(as.data.frame(v)$b*1000,as.data.frame(suppressWarnings(latent_mr(mr_data(Z,D$exposure,D$outcome,D$environment,kind="genotype"),seed=1,by_environment=FALSE)))$b,1e-4)}),
 C("mirror allele coding","value",suppressWarnings(latent_mr(mr_data(2-Z,D$exposure,D$outcome,D$environment,kind="genotype"),seed=1,by_environment=FALSE)),function(v) near(as.data.frame(v)$b,as.data.frame(suppressWarnings(latent_mr(mr_data(Z,D$exposure,D$outcome,D$environment,kind="genotype"),seed=1,by_environment=FALSE)))$b,1e-4)),
 C("environment renamed","value",suppressWarnings(latent_mr(mr_data(Z,D$exposure,D$outcome,paste("s",9-as.integer(D$environment)),kind="genotype"),seed=1,by_environment=FALSE)),function(v) near(as.data.frame(v)$b,as.data.frame(suppressWarnings(latent_mr(mr_data(Z,D$exposure,D$outcome,D$environment,kind="genotype"),seed=1,by_environment=FALSE)))$b,1e-4)),
 C("rows permuted","value",{o<-sample(nrow(Z));suppressWarnings(latent_mr(mr_data(Z[o,],D$exposure[o],D$outcome[o],D$environment[o],kind="genotype"),seed=1,by_environment=FALSE))},function(v) near(as.data.frame(v)$b,as.data.frame(suppressWarnings(latent_mr(mr_data(Z,D$exposure,D$outcome,D$environment,kind="genotype"),seed=1,by_environment=FALSE)))$b,1e-4)),
 C("outcome shifted","value",suppressWarnings(latent_mr(mr_data(Z,D$exposure,D$outcome+1e6,D$environment,kind="genotype"),seed=1,by_environment=FALSE)),function(v) near(as.data.frame(v)$b,as.data.frame(suppressWarnings(latent_mr(mr_data(Z,D$exposure,D$outcome,D$environment,kind="genotype"),seed=1,by_environment=FALSE)))$b,1e-4)),
 C("plan multisession wrong","value|error",{future::plan(future::sequential);suppressWarnings(latent_mr(D,seed=1,crossfit=2,by_environment=FALSE))}),
 C("set.seed untouched","value",{set.seed(3);suppressWarnings(latent_mr(D,seed=1,by_environment=FALSE));runif(1)},function(v){set.seed(3);v==runif(1)}),
 C("seed NULL reproducible","value",{set.seed(5);p<-suppressWarnings(latent_mr(D,by_environment=FALSE));set.seed(5);q<-suppressWarnings(latent_mr(D,by_environment=FALSE));identical(p$seed,q$seed)&&near(as.data.frame(p)$b,as.data.frame(q)$b,1e-12)},isTRUE),
 C("seed 0","value",suppressWarnings(latent_mr(D,seed=0,by_environment=FALSE))),C("seed big double","value",suppressWarnings(latent_mr(D,seed=2147483647,by_environment=FALSE))),
 C("RNGkind other","value",{k<-RNGkind("Wichmann-Hill");on.exit(RNGkind(k[1]));near(as.data.frame(suppressWarnings(latent_mr(D,seed=1,by_environment=FALSE)))$b,df$b,1e-12)},isTRUE),
 C("locale sort","value",{o<-Sys.getlocale("LC_COLLATE");Sys.setlocale("LC_COLLATE","C");1}),
 C("saveRDS/readRDS fit","value",{saveRDS(lf,"f.rds");r<-readRDS("f.rds");capture.output(print(r));identical(as.data.frame(r),df)},isTRUE),
 C("summary in knitr-like width 20","value",{o<-options(width=20);on.exit(options(o));capture.output(print(summary(lf)));capture.output(print(lf));1}),
 C("print OutDec","value",{o<-options(OutDec=",");on.exit(options(o));p<-capture.output(print(lf));!any(grepl("[0-9],[0-9]{1,2}[^0-9]",p))},isTRUE)
)
run(cases)
})

# ---- plots and controls ----
topic("plots and controls", c(), {
pdf(NULL)
options(LatentMR.quiet=TRUE)
D<-simulate_mr("snp",cell=3,n=100,seed=1); np<-length(D$outcome); V<-D$variants; vn<-V$snp; Z<-as.matrix(as.data.frame(D,genotypes=TRUE)[vn])
va<-data.frame(snp=vn,chr=rep(1:5,each=10),pos=1:50*1e6,effect_allele="A",other_allele="G")
M<-mr_data(Z,D$exposure,D$outcome,D$environment,kind="genotype",variants=va)
q<-function(...) suppressWarnings(latent_mr(...,seed=1,by_environment=FALSE))
fit<-q(M); sw<-data.frame(SNP=vn,effect_allele="A",other_allele="G",beta=seq(.01,.5,length.out=50)); gl<-as.data.frame
bs<-function(...) gl(q(M,methods="score",...))$b; s0<-bs(score_weights=sw)
set.seed(2); n<-200; d<-data.frame(z=rnorm(n));d$x<-d$z+rnorm(n);d$y<-d$x+rnorm(n);d$w<-rnorm(n); cc<-curve_control(members=1,units=8,polish=0); cv<-iv_curve(y~x|z,d,seed=1,control=cc)
cut1<-function(o,f){cl<-class(o);o<-unclass(o);o[[f]]<-NULL;class(o)<-cl;o}
anyprint<-function(o) {capture.output(print(o)); o}
fz<-iv_hazard(rexp(n),rbinom(n,1,.7),d$x,d$z); fb<-iv_binary(I(as.integer(y>0))~w|x|z,d)
sc<-suppressWarnings(latent_scan(D,seed=1)); fi<-iv_reg(y~w|x|z,d)
ivp<-function(o) tryCatch({capture.output(print(o));NULL},error=identity)
cases<-c(list(
 C("score swapped sign","value",bs(score_weights=transform(sw,effect_allele="G",other_allele="A",beta=-beta)),function(v) near(v,s0)),C("score other strand","value",bs(score_weights=transform(sw,effect_allele="T",other_allele="C")),function(v) near(v,s0)),C("score lower case","value",bs(score_weights=transform(sw,effect_allele="a",other_allele="g")),function(v) near(v,s0)),C("score dup same","value|error",bs(score_weights=rbind(sw,sw[1,])),function(v) near(v,s0)),C("score dup differ","error|warning|message",q(M,methods="score",score_weights=rbind(sw,transform(sw[1,],beta=9)))),C("score all zero","error|warning",q(M,methods="score",score_weights=transform(sw,beta=0))),C("score names TwoSampleMR","value",bs(score_weights=setNames(sw,c("SNP","effect_allele.exposure","other_allele.exposure","beta.exposure"))),function(v) near(v,s0)),C("score negative weights all","value",bs(score_weights=transform(sw,beta=-beta)),function(v) near(v,s0)),C("score tab decimal comma","value|error|message",{write.table(transform(sw,beta=sub(".",",",format(beta,nsmall=3),fixed=TRUE)),"w.tsv",sep="\t",row.names=FALSE,quote=FALSE);bs(score_weights="w.tsv")},function(v) near(v,s0,1e-3)),C("score palindromic one","value",bs(score_weights=within(sw,{other_allele[1]<-"T"}))),C("score trailing blanks in SNP","value|error|warning",bs(score_weights=transform(sw,SNP=paste0(SNP," "))),function(v) near(v,s0)),C("score two beta cols","error|warning|value",bs(score_weights=cbind(sw,BETA=1))),C("score matrix","error",bs(score_weights=as.matrix(sw))),C("score tibble","value",bs(score_weights=tibble::as_tibble(sw)),function(v) near(v,s0)),C("score gwas frame","value|error",bs(score_weights=read_gwas(transform(sw,se=.01,pval=.01))),function(v) near(v,s0)),
 C("plots all types","value|error",{for(t in c("forest","first_stage","scatter","funnel","single_variant","leave_one_out","spectrum","latent","quality")) plot(fit,t);1}),C("plot environments left out","error|value",plot(fit,"environments")),C("plot history linear","error",plot(fit,"history")),C("plot mask linear","error",plot(fit,"mask")),C("plot two types","error",plot(fit,c("forest","scatter"))),C("plot args","error|value",plot(fit,"forest",col="red")),C("plot main text","error|value",plot(fit,main="x")),C("plot curve xlim","error|value",plot(cv,xlim=c(0,1))),C("plot scan qq","value",plot(sc,"qq")),C("plot iv","value|error",plot(iv_reg(y~w|x|z,d))),C("plot mr_data","error",plot(M)),C("plot moments","error",plot(mr_moments(M,disclosure=FALSE))),C("plot gwas","error|value",plot(as_gwas(M))),C("hist of mr_data","error",hist(M)),C("summary(M) arg","error",summary(M,digits=3)),C("print(M) arg","error|value",print(M,digits=3)),C("head(M)","error|value",head(M)),C("dim(M)","value|error",dim(M)),C("nrow(M)","value",nrow(M),function(v) is.null(v)||v==np),C("length(M)","value",length(M)),C("names<-","error|value",{m<-M;names(m)[1]<-"foo";q(m)}),C("M[['x']]","value",is.null(M[["exposur"]]),isTRUE),C("M$exposure <- factor","error",{m<-M;m$exposure<-factor(round(m$exposure));q(m)}),C("M$outcome swapped","value|error|warning",{m<-M;m$outcome<-M$exposure;q(m)}),C("M$environment one level","error",{m<-M;m$environment<-factor(rep("a",np));q(m)}),C("M$environment <- other factor","value|error",{m<-M;m$environment<-sample(m$environment);q(m)}),C("M$covariates <- df","error",{m<-M;m$covariates<-data.frame(age=rnorm(np));q(m)}),C("M$covariates matrix","value|error",{m<-M;m$covariates<-cbind(age=rnorm(np));q(m)}),C("M$kind","error",{m<-M;m$kind<-"cont";q(m)}),C("M$units","error|value",{m<-M;m$units<-"mmol";q(m)}),C("M$exposure_name vec","error",{m<-M;m$exposure_name<-c("a","b");q(m)}),C("M$exposure_name number","error",{m<-M;m$exposure_name<-5;q(m)}),C("M$block short","error",{m<-M;m$block<-1:3;q(m)}),C("M$ids dup","error|value",{m<-M;m$ids<-rep("a",np);q(m)}),C("M$variants reordered","error|value",{m<-M;m$variants<-m$variants[50:1,];q(m)}),C("M$variants fewer","error",{m<-M;m$variants<-m$variants[1:5,];q(m)}),C("M$outcome text","error",{m<-M;m$outcome<-as.character(m$outcome);q(m)}),
 C("fit$estimates edit","error|value",{f<-fit;f$estimates<-data.frame();capture.output(print(f));1}),C("fit$level edit","error|value",{f<-fit;f$level<-95;capture.output(print(f));1}),C("fit$headline edit","error|value",{f<-fit;f$headline<-"zzz";capture.output(print(f));1}),C("fit$methods edit","error|value",{f<-fit;f$methods<-f$methods[1,];capture.output(print(f));1}),C("fit$nobs neg","error|value",{f<-fit;f$nobs<--5;capture.output(print(f));1}),
 C("loo chr","value",leave_one_out(fit,over="chromosome")),C("lh ok","value",latent_hazard(fit,rexp(np),rbinom(np,1,.5),data=M,seed=NULL)),C("lh seed with fit","error|value",latent_hazard(fit,rexp(np),rbinom(np,1,.5),data=M,seed=1)),C("report no ext","error",report(fit,file.path(T,"r"))),C("report pdf","error",report(fit,file.path(T,"r.pdf"))),C("report number","error",report(fit,5)),C("report no arg","error",report(fit)),C("report data other","error",report(fit,file.path(T,"r.html"),data=D[1:300,])),C("report curve wrong","error",report(fit,file.path(T,"r.html"),curve=lm(y~x,d))),C("strobe moments","value|error",strobe_mr(q(mr_moments(M,folds=2,disclosure=FALSE)))),
 C("crossfit folds>people env","error|value|warning",suppressWarnings(latent_mr(M,crossfit=100,seed=1,by_environment=FALSE,methods="latent_2sls"))),C("method family_nagar rows","error|warning",q(M,methods="family_nagar")),C("method ivw rows","value",q(M,methods=c("ivw","egger"))),C("methods df wrong","error",q(M,methods=data.frame(a=1))),C("methods factor","value|error",q(M,methods=factor("ols"))),C("methods list","error|value",q(M,methods=list("ols"))),C("one env forced","error|warning|value",suppressMessages(latent_mr(M[M$environment==levels(M$environment)[1],],seed=1))),C("two variants","error",q(M[,1:2])),C("one variant","error",q(M[,1])),C("force two variants","value|error|warning",latent_mr(M[,1:2],force=TRUE,seed=1,by_environment=FALSE)),C("more variants than people","error|warning|value",{set.seed(1);m<-mr_data(matrix(rbinom(60*100,2,.4),60),rnorm(60),rnorm(60),rep(c("a","b"),30),kind="genotype");latent_mr(m,seed=1)}),C("collinear all","error",{z<-rbinom(60,2,.4);mr_data(cbind(z,z,2-z),rnorm(60),rnorm(60),rep(c("a","b"),30),kind="genotype") |> q()}),C("rare singletons","error|warning|value",{z<-diag(60)[,1:20];q(mr_data(z,rnorm(60),rnorm(60),rep(c("a","b"),30),kind="genotype"))})
 ),
 lapply(names(unclass(cv)),function(k) list(name=paste("curve w/o",k),expect="error|value",call=eval(bquote(function() {o<-cut1(cv,.(k));capture.output(print(o));capture.output(print(summary(o)));predict(o,1,interval="confidence");1})))),
 lapply(names(unclass(fz)),function(k) list(name=paste("hazard w/o",k),expect="error|value",call=eval(bquote(function() {o<-cut1(fz,.(k));capture.output(print(o));confint(o);as.data.frame(o);1})))),
 lapply(names(unclass(fb)),function(k) list(name=paste("binary w/o",k),expect="error|value",call=eval(bquote(function() {o<-cut1(fb,.(k));capture.output(print(o));capture.output(print(summary(o)));confint(o);as.data.frame(o);tidy(o);1})))),
 lapply(names(unclass(fi)),function(k) list(name=paste("iv w/o",k),expect="error|value",call=eval(bquote(function() {o<-cut1(fi,.(k));capture.output(print(o));capture.output(print(summary(o)));confint(o);tidy(o);glance(o);predict(o,d[1,]);vcov(o,type="HC1");ar_set(o);first_stage(o);1})))),
 lapply(names(unclass(fit)),function(k) list(name=paste("latent w/o",k),expect="error|value",call=eval(bquote(function() {o<-cut1(fit,.(k));capture.output(print(o));capture.output(print(summary(o)));tidy(o);glance(o);verdict(o);flow(o);variants(o);as_twosample(o);1})))),
 lapply(names(unclass(M)),function(k) list(name=paste("data w/o",k),expect="error|value",call=eval(bquote(function() {o<-cut1(M,.(k));capture.output(print(o));capture.output(print(summary(o)));flow(o);samples(o);variants(o);o[1:100,];split(o);as_gwas(o);1}))))
)
run(cases)
})

# ---- names and labels ----
topic("names and labels", c("haven", "plink2"), {
options(LatentMR.quiet=TRUE)
set.seed(1); n<-300; e<-rep(c("a","b","c"),each=100); fr<-matrix(runif(36,.2,.7),3); G<-t(sapply(rep(1:3,each=100),function(s) rbinom(12,2,fr[s,]))); x<-drop(G%*%rep(.4,12))+rnorm(n); y<-.4*x+rnorm(n)
q<-function(...) suppressWarnings(latent_mr(...,seed=1,by_environment=FALSE))
M<-function(g=G,...) mr_data(g,x,y,e,kind="genotype",...)
b0<-as.data.frame(q(M()))$b; nm<-function(v){g<-G;colnames(g)<-v;g}; same<-function(v) near(as.data.frame(v)$b,b0)
lab<-haven::labelled(sample(c(1,2),n,TRUE),c(male=1,female=2)); labna<-haven::labelled_spss(sample(c(1,2,9),n,TRUE),c(m=1,f=2,missing=9),na_values=9)
ids<-sprintf("p%03d",1:n); rownames(G)<-NULL
ph<-data.frame(IID=ids,x,y,site=e,age=rnorm(n,50,9))
w<-function(pre,G,ids,chr=1) {p<-ncol(G);n<-nrow(G);con<-file(paste0(pre,".bed"),"wb");writeBin(as.raw(c(0x6c,0x1b,1)),con);code<-c(3L,2L,0L);for(j in 1:p){v<-ifelse(is.na(G[,j]),1L,code[G[,j]+1]);v<-c(v,rep(0L,(4-n%%4)%%4));m<-matrix(v,4);writeBin(as.raw(m[1,]+4*m[2,]+16*m[3,]+64*m[4,]),con)};close(con);write.table(data.frame(chr,paste0("rs",1:p),0,1000*(1:p),"A","G"),paste0(pre,".bim"),quote=F,row=F,col=F,sep="\t");write.table(data.frame(ids,ids,0,0,rep(1:2,length.out=n),-9),paste0(pre,".fam"),quote=F,row=F,col=F,sep="\t")}
w("c",G,ids);w("cx",G,ids,"X");w("cy",G,ids,"24");w("cm",G,ids,"MT");w("c0",G,ids,"0"); w("cw",G,ids,"chrUn_KI270742v1")
R<-function(bf="c",p=ph,...) read_mr_data(bf,p,"x","y","site",...)
system("plink2 --bfile c --make-pgen vzs --out cz --threads 1 >/dev/null 2>&1; plink2 --bfile c --export A-transpose --out ct >/dev/null 2>&1; plink2 --bfile c --export AD --out cad >/dev/null 2>&1; plink2 --bfile c --export A --out ca >/dev/null 2>&1; plink2 --bfile c --export bgen-1.3 ref-first --out c13 >/dev/null 2>&1;plink2 --dummy 50 20 0.05 --make-bed --out dm >/dev/null 2>&1; plink2 --dummy 50 20 0.05 dosage-freq=0.3 --make-pgen --out dp >/dev/null 2>&1; plink2 --pfile dp --export bgen-1.2 bits=16 ref-first --out db >/dev/null 2>&1; plink2 --pfile dp --export A --out da >/dev/null 2>&1; plink2 --pfile dp --make-pgen multiallelics=- --out dq >/dev/null 2>&1")
L<-readLines("ca.raw"); L2<-L; L2[2]<-sub("^(\\S+\\s+\\S+\\s+\\S+\\s+\\S+\\s+\\S+\\s+\\S+\\s+)\\S+","\\1 3",L2[2]); writeLines(L2,"bad.raw"); writeLines(c(L[-length(L)],substr(L[length(L)],1,20)),"cut.raw"); writeLines(gsub("\t",",",L),"comma.raw"); writeLines(sub("_A","",L),"noal.raw"); writeLines(c(L,L[2]),"dup.raw")
A<-tryCatch(as.matrix(read_genotypes("dp")),error=function(e) NULL)
cases<-list(
 C("names partly empty","value",q(M(nm(c("z","z","",paste0("r",4:12))))),same),C("one empty name, removed dup","value",{g<-cbind(G,G[,1]);colnames(g)<-c(paste0("r",1:12),"");q(M(g))},same),C("names NA","value|error",q(M(nm(c(NA,paste0("r",2:12))))),same),C("all same name","value|error",q(M(nm(rep("snp",12)))),same),C("names with spaces/commas/quotes","value",q(M(nm(paste0("rs ",1:12,", \"a\"")))),same),C("names utf8","value",q(M(nm(paste0("\u00e9\u4e2d",1:12)))),same),C("names numbers","value",q(M(nm(1:12))),same),C("names long","value",q(M(nm(paste0(strrep("x",5000),1:12)))),same),C("names '..'","value",q(M(nm(paste0("...",1:12)))),same),C("name = IID","error|value",q(M(nm(c("IID",paste0("r",2:12)))))),C("names with latin1 bytes","value|error",q(M(nm(paste0("\xe9",1:12)))),same),
 C("exposure haven labelled","message|error|value",mr_data(G,haven::labelled(x,c(none=0)),y,e)),C("outcome haven labelled 1/2","value|message|error",mr_data(G,x,lab,e),function(v) all(v$outcome==as.numeric(lab)-1)),C("outcome labelled_spss with na 9","value|message|error|warning",mr_data(G,x,labna,e),function(v) length(v$outcome)==sum(as.numeric(labna)!=9)),C("cov labelled","value|message|error",mr_data(G,x,y,e,covariates=data.frame(sex=lab))),C("env labelled","value|message|error",mr_data(G,x,y,haven::labelled(rep(1:3,each=100),c(A=1,B=2,C=3)))),C("env factor with NA level","value|warning|message|error",mr_data(G,x,y,addNA(factor(replace(e,1:20,NA)))),function(v) length(v$outcome)==280),C("env POSIXct","error",mr_data(G,x,y,Sys.time()+rep(1:3,each=100))),C("cov POSIXlt","error",mr_data(G,x,y,e,covariates=data.frame(t=as.POSIXlt(Sys.time()+1:n)))),C("cov difftime","error|value|message",mr_data(G,x,y,e,covariates=data.frame(t=as.difftime(1:n,units="days")))),C("cov complex","error",mr_data(G,x,y,e,covariates=data.frame(t=1i*(1:n)))),C("cov raw","error",mr_data(G,x,y,e,covariates=data.frame(t=as.raw(rep(1:2,150))))),C("cov nested matrix","value|error|message",mr_data(G,x,y,e,covariates=local({z<-data.frame(a=rnorm(n));z$m<-cbind(p=rnorm(n),q=rnorm(n));z}))),C("cov ordered factor","value|message",mr_data(G,x,y,e,covariates=data.frame(s=factor(sample(1:3,n,TRUE),ordered=TRUE)))),C("cov huge scale","value",q(M(covariates=data.frame(a=rnorm(n)*1e12)))),C("exposure huge","value",q(mr_data(G,x*1e150,y,e,kind="genotype"))),C("exposure tiny","value",q(mr_data(G,x*1e-150,y,e,kind="genotype")),function(v) near(as.data.frame(v)$b*1e-150,b0,1e-4)),C("exposure near-constant offset","value|error|warning",q(mr_data(G,1e12+x,y,e,kind="genotype")),function(v) near(as.data.frame(v)$b,b0,1e-2)),C("outcome integer overflow","value",q(mr_data(G,x,as.integer(round(y*1e8)),e,kind="genotype"))),C("outcome counts","value|error|message",mr_data(G,x,rpois(n,.3),e)),C("outcome counts said","value",q(mr_data(G,x,rpois(n,.9),e,outcome_kind="number"))),
 C("chr X no sex","warning|message",R("cx")),C("chr Y","error",R("cy")),C("chr MT","error",R("cm")),C("chr 0","value|warning|message",q(R("c0")),same),C("chr odd","value|error|warning",q(R("cw"))),C("sex mismatch","warning",R("c",transform(ph,sex=rep(2:1,length.out=n)),covariates="sex")),C("sex words","value|message|warning|error",R("c",transform(ph,sex=rep(c("M","F"),length.out=n)),covariates="sex")),
 C("pvar.zst","value",as.matrix(read_pgen("cz")),function(v) all(v==G)||all(v==2-G)),C("A-transpose .traw","error",read_genotypes("ct.traw")),C("AD raw","value|error",read_genotypes("cad.raw")),C("raw bad value 3","error",mr_data("bad.raw",setNames(x,ids),setNames(y,ids),setNames(e,ids))),C("raw cut","error",mr_data("cut.raw",setNames(x,ids),setNames(y,ids),setNames(e,ids))),C("raw comma","error|value",mr_data("comma.raw",setNames(x,ids),setNames(y,ids),setNames(e,ids))),C("raw dup person","error",mr_data("dup.raw",setNames(x,ids),setNames(y,ids),setNames(e,ids))),C("raw no allele suffix","value|error|message",mr_data("noal.raw",setNames(x,ids),setNames(y,ids),setNames(e,ids))),C("raw ok","value",q(mr_data("ca.raw",setNames(x,ids),setNames(y,ids),setNames(e,ids))),same),C("bgen 1.3 zstd","value|error",as.matrix(read_bgen("c13.bgen")),function(v) max(abs(v-G))<1e-3||max(abs(v-2+G))<1e-3),C("dosage pgen vs bgen","value",as.matrix(read_bgen("db.bgen")),function(v) max(abs(v-A),na.rm=TRUE)<1e-3),C("dosage pgen vs .raw","value",{r<-read_genotypes("da.raw");as.matrix(r[,-(1:6)])},function(v){d1<-max(abs(v-A),na.rm=TRUE);d2<-max(abs(2-v-A),na.rm=TRUE);min(d1,d2)<1e-3}),C("dummy bed as.matrix NA","value",as.matrix(read_plink("dm")),function(v) anyNA(v)&&all(v%in%c(0:2,NA))),C("dosages said genotype","error",R(read_pgen("dp"))),
 C("plink renamed mid-use","error",{file.copy(c("c.bed","c.bim","c.fam"),c("r.bed","r.bim","r.fam"));o<-R("r");unlink("r.bed");q(o)}),C("bed changed","error",{file.copy(c("c.bed","c.bim","c.fam"),c("r2.bed","r2.bim","r2.fam"));o<-R("r2");w("r2",G[,12:1],ids);q(o)}),C("unlink then summary","error|value",{file.copy(c("c.bed","c.bim","c.fam"),c("r3.bed","r3.bim","r3.fam"));o<-R("r3");unlink("r3.bed");variants(o)}),
 C("setwd after relative","value",{o<-R("c");d<-setwd(tempdir());on.exit(setwd(d));q(o)},same),C("tilde path","error",read_plink("~/nonexistent/c")),C("unreadable? (root)","value|error",{Sys.chmod("ca.raw","000");on.exit(Sys.chmod("ca.raw","644"));read_genotypes("ca.raw")}),C("path with spaces/utf8","value",{dir.create("a b \u00e9");for(z in c("bed","bim","fam"))file.copy(paste0("c.",z),file.path("a b \u00e9",paste0("c 1.",z)));q(R("a b \u00e9/c 1"))},same),C("path with % and '","value",{for(z in c("bed","bim","fam"))file.copy(paste0("c.",z),paste0("c%d'x.",z));q(R("c%d'x"))},same),
 C("future multisession bootstrap same","value",{set.seed(1);d<-data.frame(z=rnorm(200));d$x<-d$z+rnorm(200);d$y<-d$x^2+rnorm(200);k<-curve_control(members=1,units=8,polish=0,band="bootstrap",draws=20);a<-predict(iv_curve(y~x|z,d,seed=1,control=k),1,interval="confidence");near(a,predict(iv_curve(y~x|z,d,seed=1,control=k),1,interval="confidence"))},isTRUE)
)
run(cases)
})

# ---- sex, families, combination ----
topic("sex, families, combination", c(), {
options(LatentMR.quiet=TRUE); pdf(NULL)
set.seed(11); n<-400; e<-rep(c("a","b","c","d"),each=100); fr<-matrix(runif(48,.2,.7),4); G<-t(sapply(rep(1:4,each=100),function(s) rbinom(12,2,fr[s,]))); colnames(G)<-paste0("rs",1:12); ids<-sprintf("p%03d",1:n); x<-drop(G%*%rep(.4,12))+rnorm(n); x2<-drop(G%*%rnorm(12))+rnorm(n); y<-.4*x+rnorm(n)
w<-function(pre,G,ids,sex) {p<-ncol(G);n<-nrow(G);con<-file(paste0(pre,".bed"),"wb");writeBin(as.raw(c(0x6c,0x1b,1)),con);code<-c(3L,2L,0L);for(j in 1:p){v<-ifelse(is.na(G[,j]),1L,code[G[,j]+1]);m<-matrix(v,4);writeBin(as.raw(m[1,]+4*m[2,]+16*m[3,]+64*m[4,]),con)};close(con);write.table(data.frame(1:p,paste0("rs",1:p),0,1000*(1:p),"A","G"),paste0(pre,".bim"),quote=F,row=F,col=F,sep="\t");write.table(data.frame(ids,ids,0,0,sex,-9),paste0(pre,".fam"),quote=F,row=F,col=F,sep="\t")}
sx<-rep(1:2,200); w("c",G,ids,sx); ph<-data.frame(IID=ids,x,y,site=e)
R<-function(sex) read_mr_data("c",transform(ph,sex=sex),"x","y","site",covariates="sex")
M<-function(k=1:n,...) mr_data(G[k,],x[k],y[k],e[k],kind="genotype",...)
q<-function(...) suppressWarnings(latent_mr(...,seed=1,by_environment=FALSE)); df<-function(v,...) as.data.frame(v,...)
mm<-function(...) suppressWarnings(mr_moments(...,folds=1,disclosure=FALSE))
full<-q(mm(M())); D2<-mr_data(G,cbind(x,x2),y,e,kind="genotype"); f2<-q(D2)
d<-data.frame(G,x,x2,y,e); cc<-curve_control(members=1,units=8,polish=0)
sf<-tryCatch(iv_curve(y~x+x2|rs1+rs2+rs3+rs4+rs5+rs6,d,seed=1,control=cc),error=identity)
Ga<-M(); Ga$variants$effect_allele<-"A";Ga$variants$other_allele<-"G"
flipB<-function() {g<-G[201:400,];g[,1:3]<-2-g[,1:3];va<-data.frame(snp=colnames(G),effect_allele=c("G","G","G",rep("A",9)),other_allele=c("A","A","A",rep("G",9)));mr_data(g,x[201:400],y[201:400],e[201:400],kind="genotype",variants=va)}
va<-data.frame(snp=colnames(G),effect_allele="A",other_allele="G")
cases<-list(
 C("sex 50% wrong","warning",R(replace(sx,1:200,rep(2:1,100)))),C("sex 100% swapped","warning",R(3-sx)),C("sex 0/1","value",R(sx-1)),C("sex 100% swapped words","warning",R(ifelse(sx==1,"female","male"))),C("sex 5% wrong words","warning",R(ifelse(replace(sx,1:20,3-sx[1:20])==1,"male","female"))),C("sex const","value|warning",R(rep(1,n))),
 C("combine = full","value",q(combine_moments(mm(M(1:200)),mm(M(201:400)))),function(v) near(df(v)$b,df(full)$b,1e-6)),
 C("combine flipped alleles = full","value|message",q(combine_moments(mm(M(1:200,variants=va)),mm(flipB()))),function(v) near(df(v)$b,df(full)$b,1e-6)),
 C("combine swapped unlabelled","value",q(combine_moments(mm(M(1:200)),mm(local({g<-2-G[201:400,];mr_data(g,x[201:400],y[201:400],e[201:400],kind="genotype")})))),function(v) TRUE),
 C("combine different alleles","error",combine_moments(mm(M(1:200,variants=va)),mm(M(201:400,variants=transform(va,effect_allele="C",other_allele="G"))))),
 C("combine alleles unknown at one","value|error|warning|message",combine_moments(mm(M(1:200,variants=va)),mm(M(201:400)))),
 C("combine genotype+dosage kinds","error|value|warning",combine_moments(mm(M(1:200)),mm(mr_data(pmin(G[201:400,]+.01,2),x[201:400],y[201:400],e[201:400],kind="dosage")))),
 C("combine scaled sd","error|warning|value",combine_moments(mm(M(1:200)),mm(M(201:400,scale_traits="sd")))),
 C("combine mg/dl silently","warning|error",combine_moments(mm(M(1:200)),mm(mr_data(G[201:400,],x[201:400]*38.67,y[201:400],e[201:400],kind="genotype")))),
 C("combine covariate missing","error",combine_moments(mm(M(1:200,covariates=data.frame(age=rnorm(200)))),mm(M(201:400)))),
 C("combine same env name","value|warning|message",combine_moments(mm(M(1:100)),mm(mr_data(G[101:200,],x[101:200],y[101:200],rep("a",100),kind="genotype")))),
 C("scan row = latent_mr","value",suppressWarnings(latent_scan(M(),seed=1)),function(v) near(v$b,{f<-q(mm(M()));r<-as.data.frame(f);r$b[mr_methods()$title[match(f$headline,mr_methods()[[1]])]==r$method|FALSE][1]},1e-6)||{f<-q(mm(M()));any(abs(as.data.frame(f)$b-v$b)<1e-8)}),
 C("scan missing half","value",suppressWarnings(latent_scan(M(),outcomes=data.frame(y=replace(y,1:150,NA)),seed=1)),function(v) v$nobs==250),
 C("scan rownames shuffled","value",{o<-rev(seq_len(n));a<-suppressWarnings(latent_scan(mr_data(`rownames<-`(G,ids),setNames(x,ids),setNames(y,ids),setNames(e,ids),kind="genotype"),outcomes=data.frame(y=y[o],row.names=ids[o]),seed=1));b<-suppressWarnings(latent_scan(M(),outcomes=data.frame(y=y),seed=1));near(a$b,b$b,1e-8)},isTRUE),
 C("scan cut data frame","warning|error",latent_scan(M(),outcomes=data.frame(y=y)[order(y),,drop=FALSE],seed=1)),
 C("scan folder then data change","error",{latent_scan(M(),folder="s1",seed=1);y2<-y;y2[1]<-0;latent_scan(mr_data(G,x,y2,e,kind="genotype"),folder="s1",seed=1)}),
 C("two exposures methods","value",f2),C("direction two exp","error",direction_test(f2)),C("curve two exp fit","value|error",iv_curve(f2,D2,control=cc,seed=1)),C("plaus two exp","value|error",plausibly_exogenous(f2,.01)),C("weakiv two exp CLR","error|value",weakiv_set(f2,method="CLR")),C("weakiv test two exp","value",weakiv_test(f2,beta=c(.4,0))),C("hazard two exp","error",latent_hazard(f2,rexp(n),rbinom(n,1,.5),data=D2)),C("as_ts two exp","error|value",as_twosample(f2)),C("single_variant two","error|value",single_variant(f2)),C("scan two","value",suppressWarnings(latent_scan(D2,seed=1))),C("as_gwas trait x2","value",as_gwas(local({q<-D2;q$variants$effect_allele<-"A";q$variants$other_allele<-"G";q}),"x2")),C("loo two","error|value",leave_one_out(f2,over="variant")),C("plot scatter two","error|value",plot(f2,"scatter")),C("verdict two","value",verdict(f2)),C("confint parm 3","error",confint(f2,3)),C("as_mrinput two","error",as_mrinput(f2)),C("ar_set two","value|error",ar_set(f2)),C("score two","error|value",q(D2,methods="score",score_weights=data.frame(SNP=colnames(G),effect_allele="A",other_allele="G",beta=1))),C("moments two","value",q(mm(D2))),C("stratum of surface","error",stratum_table(sf)),C("avgder surface","error|value",average_derivative(sf)),C("surface predict missing col","error",predict(sf,data.frame(x=1))),C("surface predict vector","error",predict(sf,1:3)),C("surface avg exposure","error",average_effect(sf,"age",0,1)),C("surface avg swapped","error",average_effect(sf,0,1)),C("surface plot","error",plot(sf,exposures="x9")),C("surface deriv","error",predict(sf,derivative="x9")),C("surface is","value",sf,function(v) inherits(v,"iv_surface")),
 C("lh names","value|error",{tt<-setNames(rexp(n),ids);latent_hazard(q(M()),rev(tt),rev(setNames(rbinom(n,1,.5),ids)),data=M())}),C("lh mr_data misnamed","error",latent_hazard(mr_data(`rownames<-`(G,ids),setNames(x,ids),setNames(y,ids),setNames(e,ids),kind="genotype"),setNames(rexp(n),paste0("z",ids)),setNames(rbinom(n,1,.5),paste0("z",ids)),seed=1)),
 C("negcontrol covariate name","value|error",{A<-data.frame(age=rnorm(n));MM<-M(covariates=A);negative_control(q(MM),"age",data=MM)}),C("negcontrol outcome itself","error|warning",negative_control(q(M()),y,data=M())),C("negcontrol exposure","error|warning",negative_control(q(M()),x,data=M())),C("negcontrol NA","error",negative_control(q(M()),replace(y,1,NA),data=M())),C("negcontrol wrong data","error",negative_control(q(M()),y[1:100],data=M(1:100))),C("negcontrol name number","error",negative_control(q(M()),rnorm(n),data=M(),name=5)),
 C("controls covariate","value",q(M(covariates=data.frame(age=rnorm(n))),controls="age")),C("control outcome text","error",negative_control(q(M()),rep("a",n),data=M())),
 C("iv_compare none","error",iv_compare(iv_reg(y~x,d,"ols"))),C("mr_data 1 person","error",mr_data(G[1,,drop=FALSE],1,1,"a")),C("mr_data 11 people","value|error|warning",M(1:20)),C("latent 20 people","error|warning|value",latent_mr(mr_data(G[1:20,],x[1:20],y[1:20],rep(1:2,10),kind="genotype"),seed=1))
)
run(cases)
})

# ---- quality and tests ----
topic("quality and tests", c("plink2"), {
options(LatentMR.quiet=TRUE)
set.seed(12); n<-200; G<-sapply(runif(10,.15,.6),function(f) rbinom(n,2,f)); G[,2]<-ifelse(runif(n)<.8,G[,1],G[,2]); G[sample(2000,40)]<-NA; colnames(G)<-paste0("rs",1:10); x<-rnorm(n); y<-rnorm(n); ids<-sprintf("p%03d",1:n)
w<-function(pre,G,ids) {p<-ncol(G);n<-nrow(G);con<-file(paste0(pre,".bed"),"wb");writeBin(as.raw(c(0x6c,0x1b,1)),con);code<-c(3L,2L,0L);for(j in 1:p){v<-ifelse(is.na(G[,j]),1L,code[G[,j]+1]);m<-matrix(v,4);writeBin(as.raw(m[1,]+4*m[2,]+16*m[3,]+64*m[4,]),con)};close(con);write.table(data.frame(1,paste0("rs",1:p),0,1000*(1:p),"A","G"),paste0(pre,".bim"),quote=F,row=F,col=F,sep="\t");write.table(data.frame(ids,ids,0,0,1,-9),paste0(pre,".fam"),quote=F,row=F,col=F,sep="\t")}
w("c",G,ids); system("plink2 --bfile c --hardy --freq --missing variant-only --out h --threads 1 >/dev/null 2>&1")
D<-mr_data(G,x,y,rep(c("a"),n),kind="genotype"); v<-variants(D,environments=TRUE)
hw<-read.table("h.hardy",header=TRUE,comment.char=""); fr<-read.table("h.afreq",header=TRUE,comment.char="")
z<-cbind(rnorm(n),rnorm(n)); xx<-z[,1]+rnorm(n); yy<-xx+rnorm(n); tt<-rexp(n,.2); ev<-rbinom(n,1,.7)
ly<-function(x){o<-order(tt);ts<-tt[o];num<-0;den<-0;prev<-0;for(i in seq_len(n)){r<-tt>=ts[i];xb<-mean(x[r]);den<-den+(ts[i]-prev)*sum((x[r]-xb)^2);if(ev[o[i]]==1)num<-num+x[o[i]]-xb;prev<-ts[i]};num/den}
f<-iv_fit(yy,xx,z,rep(1,n)); hs<-function(x,y){K<-function(x,s){d<-as.matrix(dist(x));exp(-d^2/(2*s^2))};H<-diag(length(x))-1/length(x);m<-function(x) median(dist(x));sum(diag(K(x,m(x))%*%H%*%K(y,m(y))%*%H))/length(x)^2}
S<-simulate_mr("snp",cell=3,n=200,seed=1); fit<-suppressWarnings(latent_mr(S,seed=1,by_environment=FALSE,methods=c("ols","2sls","latent_2sls")))
cv<-iv_curve(yy~xx|zz,data.frame(yy,xx,zz=z[,1]),seed=1,control=curve_control(members=1,units=8,polish=0))
cases<-list(
 C("hwe p = plink2","value",v,function(v) isTRUE(all.equal(v$hwe_p,hw$P[match(v$snp,hw$ID)],tolerance=1e-3))),
 C("eaf","value",v,function(v) near(v$eaf,colMeans(G,na.rm=TRUE)/2)),C("call rate","value",v,function(v) near(v$call_rate,1-colMeans(is.na(G)))),
 C("select maf count","value",select_variants(D,maf=.3),function(q) {p<-colMeans(G,na.rm=TRUE)/2;nrow(q$variants)==sum(pmin(p,1-p)>=.3)}),C("select call","value",select_variants(D,call_rate=.98),function(q) nrow(q$variants)==sum(1-colMeans(is.na(G))>=.98)),C("select hwe","value",select_variants(D,hwe=.3),function(q) nrow(q$variants)==sum(hw$P>=.3)),
 C("clump greedy","value",clump("c",p=data.frame(SNP=colnames(G),pval=c(.01,.001,(3:10)/100)),r2=.2,kb=1000,threshold=.2),function(k) !k$kept[1]&&k$kept[2]&&k$index[1]=="rs2"&&all(k$kept[3:10])),
 C("clump r2 value","value",clump("c",p=data.frame(SNP=colnames(G),pval=c(.01,.001,(3:10)/100)),r2=.2,kb=1000,threshold=.2),function(k){g<-apply(G,2,function(a){a[is.na(a)]<-mean(a,na.rm=TRUE);a});near(k$r2[1],cor(g[,1],g[,2])^2,1e-6)}),
 C("hazard naive = Lin Ying","value",iv_hazard(tt,ev,xx,z),function(v) near(v$estimates$b[v$estimates$estimator=="naive"],ly(xx),1e-6)),
 C("hazard per 1000","value",iv_hazard(tt,ev,xx,z,time_unit="years"),function(v) near(v$estimates$b[4],1000*ly(xx),1e-6)),
 C("AR test","value",weakiv_test(f,beta=.3),function(v){e<-yy-.3*xx;r<-anova(lm(e~1),lm(e~z));s<-unlist(v);any(abs(suppressWarnings(as.numeric(s))-r$F[2])<1e-6,na.rm=TRUE)}),
 C("ar_set contains by inversion","value",ar_set(f),function(v){p<-function(b){e<-yy-b*xx;anova(lm(e~1),lm(e~z))$`Pr(>F)`[2]};s<-suppressWarnings(as.numeric(unlist(v)));s<-s[is.finite(s)];sum(vapply(s,function(b) abs(p(b)-.05)<1e-4,NA))>=2}),
 C("hsic biased","value",hsic_test(xx,yy),function(v) near(v$estimate["HSIC"],hs(xx,yy),1e-6)),
 C("liml kappa","value",iv_fit(yy,xx,z,rep(1,n),"liml"),function(v){Y<-cbind(yy,xx);R<-function(W) crossprod(lm.fit(W,Y)$residuals);near(v$kappa,min(Re(eigen(solve(R(cbind(1,z)))%*%R(cbind(rep(1,n))))$values)),1e-8)}),
 C("ujive = by hand","value",iv_fit(yy,xx,z,rep(1,n),"ujive"),function(v){W<-cbind(rep(1,n));ZW<-cbind(z,W);P<-function(A) A%*%solve(crossprod(A),t(A));a<-P(ZW);b<-P(W);u<-(a%*%xx-diag(a)*xx)/(1-diag(a))-(b%*%xx-diag(b)*xx)/(1-diag(b));m<-function(s) s-mean(s);near(coef(v)[1],sum(u*m(yy))/sum(u*m(xx)),1e-6)}),
 C("gmm J","value",iv_fit(yy,xx,z,rep(1,n),"gmm"),function(v) TRUE),
 C("wild p exact OLS 4 clusters","value",{cl<-rep(1:4,50);wild_test(iv_fit(yy,w=cbind(1,xx),estimator="ols",cluster=cl),term=NULL,beta=1,reps=999)},function(v) TRUE),
 C("as_twosample = lm","value",as_twosample(fit),function(v) nrow(v)==50&&all(v$se.exposure>0)),
 C("average_effect = predict diff","value",average_effect(cv,0,1),function(v) near(v$estimate,diff(predict(cv,c(0,1))))),
 C("stratum residual size","value",stratum_table(cv,5),function(v) sum(v$size)==n&&near(v$mean[1],{r<-resid(lm(xx~z[,1]));q<-cut(rank(r),quantile(rank(r),0:5/5),include.lowest=TRUE);mean(xx[q==levels(q)[1]])},1e-6)),
 C("power inverse","value",{p<-mr_power(.02,10000,.1)$power; mr_power(.02,power=p,effect=.1)},function(v) near(v$n,10000,1e-3)),
 C("mr_power tiny n vs simulate?","value",mr_power(.05,2000,.2),function(v) v$power>0&&v$power<1),
 C("families transitive","value",families(data.frame(ID1=c("a","b"),ID2=c("b","c"),Kinship=c(.25,.3)),ids=c("c","a","d")),function(v) v[["a"]]==v[["c"]]&&v[["d"]]!=v[["a"]]),
 C("families exactly threshold","value",families(data.frame(ID1="a",ID2="b",Kinship=.25),threshold=.25),function(v) v[["a"]]==v[["b"]]),
 C("inverse normal ties","value",mr_data(G,x,round(y),rep("a",n),kind="genotype",scale_traits=c(outcome="inverse_normal")),function(v) length(unique(v$outcome))==length(unique(round(y)))),
 C("simulate same seed","value",near(simulate_mr("snp",cell=2,n=20,seed=4)$outcome,simulate_mr("snp",cell=2,n=20,seed=4)$outcome,1e-15),isTRUE),
 C("ids order kept numeric","value",mr_data(`rownames<-`(G,n:1),setNames(x,1:n),setNames(y,1:n),setNames(rep("a",n),1:n),kind="genotype"),function(v) near(v$exposure,rev(x)))
)
run(cases)
})

# ---- odd data ----
topic("odd data", c(), {
options(LatentMR.quiet=TRUE); pdf(NULL)
set.seed(13); n<-300; e<-rep(c("a","b","c"),each=100); fr<-matrix(runif(36,.2,.7),3); G<-t(sapply(rep(1:3,each=100),function(s) rbinom(12,2,fr[s,]))); colnames(G)<-paste0("rs",1:12); x<-drop(G%*%rep(.4,12))+rnorm(n); y<-.4*x+rnorm(n)
q<-function(...) suppressWarnings(latent_mr(...,seed=1)); cf<-function(f) as.data.frame(f)$b
mk<-function(en=e,xn="x") {X<-matrix(x,dimnames=list(NULL,xn)); mr_data(G,X,y,en,kind="genotype")}
b0<-cf(q(mk()))
A<-simulate_mr("authors",n=150,environments=2,seed=1)
keep<-function(f){writeLines("mine",f);f}
cases<-list(
 C("env names odd","value",q(mk(c(a="a:b",b="<c> & \"d\"",c="$x|y")[e])),function(v) near(cf(v),b0,1e-6)),C("env names 'NA','TRUE','1'","value",q(mk(c(a="NA",b="TRUE",c="1")[e])),function(v) near(cf(v),b0,1e-6)),C("env names very long","value",q(mk(strrep(e,400))),function(v) near(cf(v),b0,1e-6),print=TRUE),C("env names newline","value|error|warning",q(mk(c(a="a\nb",b="b",c="c")[e])),print=TRUE),C("env named (all)","value|error",as.data.frame(q(mk(c(a="(all)",b="b",c="c")[e])),environments=TRUE)),C("env reserved 'pooled'","value|error",q(mk(c(a="pooled",b="b",c="c")[e]))),
 C("exposure name html","value",{f<-q(mk(xn="LDL <b>|$a_b$ %s `q`"));capture.output(print(f));capture.output(print(summary(f)));plot(f);f},function(v) near(cf(v),b0,1e-6)),C("exposure name = outcome","error|value|warning",q(mk(xn="y"))),C("exposure name 'environment'","value|error",q(mk(xn="environment"))),C("exposure name '(Intercept)'","value|error",q(mk(xn="(Intercept)"))),C("covariate named 'x'","value|error",q(mr_data(G,x,y,e,kind="genotype",covariates=data.frame(x=rnorm(n))))),C("covariate named environment","value|error",q(mr_data(G,x,y,e,kind="genotype",covariates=data.frame(environment=rnorm(n))))),C("covariate named id","value|error",{m<-mr_data(G,x,y,e,kind="genotype",covariates=data.frame(id=rnorm(n),cluster=rnorm(n)));samples(m);as.data.frame(m,genotypes=TRUE);q(m)}),C("variant named x (as exposure)","value|error",{g<-G;colnames(g)[1:2]<-c("x","y");m<-mr_data(g,x,y,e,kind="genotype");anyDuplicated(names(as.data.frame(m,genotypes=TRUE)))},function(v) v==0),
 C("iv_reg var named 'weights'","value",iv_reg(y~weights|x|z,data.frame(y,x,z=G[,1],weights=rnorm(n))),function(v) all(is.finite(coef(v)))),C("iv_reg column named 'subset','data'","value",iv_reg(y~data+subset|x|z,data.frame(y,x,z=G[,1],data=rnorm(n),subset=rnorm(n))),function(v) all(is.finite(coef(v)))),C("iv_reg column T","value",iv_reg(y~T|x|z,data.frame(y,x,z=G[,1],T=rnorm(n))),function(v) "T"%in%names(coef(v))),C("do.call iv_reg","value",do.call(iv_reg,list(y~1|x|z,data.frame(y,x,z=G[,1]))),function(v){capture.output(print(v));TRUE}),C("lapply with cluster string","value",lapply(c("fam"),function(k) iv_reg(y~1|x|z,data.frame(y,x,z=G[,1],fam=rep(1:30,10)),cluster=k))),C("in function with weights arg","value",(function(dd,ww) iv_reg(y~1|x|z,dd,weights=ww))(data.frame(y,x,z=G[,1]),rep(1,n)),function(v) TRUE),C("formula built in function","value",(function(){ff<-y~1|x|z;dd<-data.frame(y,x,z=G[,1]);update(iv_reg(ff,dd),estimator="liml")})()),C("update in another function","value|error",(function(m) update(m,estimator="liml"))((function(){ff<-y~1|x|z;dd<-data.frame(y,x,z=G[,1]);iv_reg(ff,dd)})())),C("with() data","value",with(data.frame(y,x,z=G[,1]),iv_reg(y~1|x|z)),function(v) all(is.finite(coef(v)))),C("pipe placeholder","value",data.frame(y,x,z=G[,1])|>(\(d) iv_reg(y~1|x|z,d))()),C("step()","error",step(iv_reg(y~1|x|z,data.frame(y,x,z=G[,1])))),C("AIC","error|value",AIC(iv_reg(y~1|x|z,data.frame(y,x,z=G[,1])))),C("logLik","error",logLik(iv_reg(y~1|x|z,data.frame(y,x,z=G[,1])))),C("simulate()","error",simulate(iv_reg(y~1|x|z,data.frame(y,x,z=G[,1])))),C("coeftest lmtest","value|error",lmtest::coeftest(iv_reg(y~1|x|z,data.frame(y,x,z=G[,1])))),C("sandwich vcovCL","value",sandwich::vcovCL(iv_reg(y~1|x|z,data.frame(y,x,z=G[,1])),rep(1:30,10)),function(v) near(v,sandwich::vcovCL(AER::ivreg(y~x|z,data=data.frame(y,x,z=G[,1])),rep(1:30,10)),1e-6)),C("confint.default","value",confint.default(iv_reg(y~1|x|z,data.frame(y,x,z=G[,1])))),C("family()","error",family(iv_reg(y~1|x|z,data.frame(y,x,z=G[,1])))),C("drop1","error",drop1(iv_reg(y~1|x|z,data.frame(y,x,z=G[,1])))),C("vcovHC fixest-like se","error",summary(iv_reg(y~1|x|z,data.frame(y,x,z=G[,1])),se="hetero")),C("broom tidy exponentiate","error",tidy(iv_reg(y~1|x|z,data.frame(y,x,z=G[,1])),exponentiate=TRUE)),C("car linearHypothesis","value|error",car::linearHypothesis(iv_reg(y~1|x|z,data.frame(y,x,z=G[,1])),"x=0")),
 C("export overwrites","error|warning|message",{m<-mr_moments(mr_data(G[,1:3],x,y,rep("a",n),kind="genotype"),folds=1);export_moments(m,keep("mine.mom"))}),C("write_gwas overwrites","error|warning|message",{g<-read_gwas(data.frame(SNP="rs1",chr=1,pos=5,effect_allele="A",other_allele="G",beta=.1,se=.1,pval=.3),trait="t");write_gwas(g,keep("mine.tsv"))}),C("simulate_cohort overwrites","error|warning|message",{keep("mine.bed");keep("mine.pheno.tsv");simulate_cohort(n=20,sites=2,variants=20,prefix="mine",seed=1)}),
 C("authors linear","value",suppressWarnings(latent_mr(A,seed=1,by_environment=FALSE))),C("authors 1 env","error",latent_mr(A[A$environment=="e1",],seed=1)),C("authors methods reml","error|warning",latent_mr(A,methods="latent_reml",seed=1,by_environment=FALSE)),C("authors score","error",latent_mr(A,methods="score",score_weights=data.frame(SNP="z1",effect_allele="A",other_allele="G",beta=1),seed=1)),C("authors const inst","error|value",{a<-mr_data(cbind(1,matrix(rnorm(600),300)),x,y,e,kind="continuous");nrow(a$variants)},function(v) v==2),C("authors sparsity 2 env","error",latent_mr(A,encoder="mechanism_sparsity",seed=1)),C("authors sparsity ref unknown","error",latent_mr(A,encoder="mechanism_sparsity",control=encoder_control(reference="e9"),seed=1)),C("authors n_latent 5 of 5","value|error|warning",latent_mr(A,n_latent=c(3,2),seed=1,by_environment=FALSE)),C("as_mrinput authors","error",as_mrinput(suppressWarnings(latent_mr(A,seed=1,by_environment=FALSE)))),C("ac on authors tiny","value|warning|error",latent_mr(A,encoder="autoencoder",control=encoder_control(autoencoder=autoencoder_control(units=4,epochs=2)),seed=1,by_environment=FALSE)),C("learn on other then env test","error|value",environment_test(learn_instruments(A,seed=1),data=mk())),
 C("quiet option NA","error|value",{o<-options(LatentMR.quiet=NA);on.exit(options(o));mk()}),C("quiet option vec","error|value",{o<-options(LatentMR.quiet=c(TRUE,FALSE));on.exit(options(o));mk()}),C("quiet option text","error|value",{o<-options(LatentMR.quiet="yes");on.exit(options(o));mk()}),
 C("LatentMR:: without attach","value",{system2("Rscript",c("-e",shQuote("set.seed(1);d<-data.frame(y=rnorm(50),x=rnorm(50),z=rnorm(50)); f<-LatentMR::iv_reg(y~1|x|z,d); print(f); summary(f); LatentMR::tidy(f)")),stdout=TRUE,stderr=TRUE)},function(v) !any(grepl("Error",v)))
)
run(cases)
})

# ---- names of environments ----
topic("names of environments", c(), {
pdf(NULL)
set.seed(1);d<-data.frame(y=rnorm(50),x=rnorm(50),z=rnorm(50)); writeLines(c("set.seed(1);d<-data.frame(y=rnorm(50),x=rnorm(50),z=rnorm(50)); f<-LatentMR::iv_reg(y~1|x|z,d); print(f); print(summary(f)); print(LatentMR::tidy(f)); print(LatentMR::glance(f))"),"s.R"); cat(tail(system2("Rscript","s.R",stdout=TRUE,stderr=TRUE),4),sep="\n")
set.seed(13); n<-300; e<-rep(c("a","b","c"),each=100); fr<-matrix(runif(36,.2,.7),3); G<-t(sapply(rep(1:3,each=100),function(s) rbinom(12,2,fr[s,]))); colnames(G)<-paste0("rs",1:12); x<-drop(G%*%rep(.4,12))+rnorm(n); y<-.4*x+rnorm(n)
q<-function(...) suppressWarnings(latent_mr(...,seed=1)); mk<-function(en) mr_data(G,x,y,unname(en),kind="genotype"); b0<-as.data.frame(q(mk(e)))$b; same<-function(f) near(as.data.frame(f)$b,b0)
ft<-q(mk(e)); options(LatentMR.quiet=TRUE)
cases<-list(C("odd","value",q(mk(c(a="a:b",b="<c> & \"d\"",c="$x|y")[e])),same,TRUE),C("NA TRUE 1","value",q(mk(c(a="NA",b="TRUE",c="1")[e])),same),C("newline","value|error|warning",q(mk(c(a="a\nb",b="b",c="c")[e])),same,TRUE),C("(all)","value|error|warning",as.data.frame(q(mk(c(a="(all)",b="b",c="c")[e])),environments=TRUE)),C("e:PC","value",q(mk(c(a="a:snp1",b="b:snp1",c="c")[e])),same),
 C("future cluster plan scan same","value",{a<-suppressWarnings(latent_scan(mk(e),outcomes=data.frame(a=y,b=rnorm(n)),chunk=1,seed=1));future::plan(future::multisession,workers=2);on.exit(future::plan(future::sequential));b<-suppressWarnings(latent_scan(mk(e),outcomes=data.frame(a=y,b=0+(y>0)),chunk=1,seed=1));near(a$b[1],b$b[1],1e-12)},isTRUE),
 C("plan bogus","value|error",{o<-options(future.rng.onMisuse="error");on.exit(options(o));suppressWarnings(latent_scan(mk(e),seed=1))}),
 C("loo over env","value",leave_one_out(ft),function(v) is.data.frame(v)),
 C("html report weird names","value",report(q(mr_data(G,matrix(x,dimnames=list(NULL,"LDL <script>alert(1)</script> |$a_b$")),y,mk(e)$environment,kind="genotype")),"r.html"),function(v) !any(grepl("<script>alert(1)</script>",readLines("r.html",warn=FALSE),fixed=TRUE))),
 C("report overwrites","error|warning|message|value",{writeLines("mine","r2.html");1}),
 C("mr_data one env then background only","value|error",{set.seed(2);q(mr_data(G,x,y,rep("a",n),kind="genotype",background=matrix(rbinom(n*40,2,.4),n)))}),
 C("background has NA only col","value|error",mr_data(G,x,y,e,kind="genotype",background=cbind(matrix(rbinom(n*5,2,.4),n),NA))),C("background continuous","error",mr_data(G,x,y,e,kind="genotype",background=matrix(rnorm(n*5),n))),C("background wrong rows","error",mr_data(G,x,y,e,kind="genotype",background=matrix(rbinom(50,2,.4),10))),C("structure 1 col const","error|value|message|warning",q(mr_data(G,x,y,e,kind="genotype",structure=cbind(PC1=rep(1,n))))),C("structure NA","value",mr_data(G,x,y,e,kind="genotype",structure=cbind(PC1=replace(rnorm(n),1,NA))),function(v) length(v$outcome)==n-1),C("structure text","error",mr_data(G,x,y,e,kind="genotype",structure=cbind(PC1=rep("a",n)))),C("structure unnamed","value|error",mr_data(G,x,y,e,kind="genotype",structure=matrix(rnorm(2*n),n))),C("structure = one-hot env","value|error|warning",q(mr_data(G,x,y,e,kind="genotype",structure=model.matrix(~e)[,-1]))),C("structure more cols than people","error|value|warning",q(mr_data(G,x,y,e,kind="genotype",structure=matrix(rnorm(n*350),n,dimnames=list(NULL,paste0("PC",1:350)))))),C("covariates more than people","error|value|warning",q(mr_data(G,x,y,e,kind="genotype",covariates=matrix(rnorm(n*350),n,dimnames=list(NULL,paste0("c",1:350)))))),
 C("family pairs unrelated","error|warning",q(mr_data(G,x,y,e,kind="genotype",family=rep(1:150,each=2)))),C("family crossing env","error|warning|value",mr_data(G,x,y,e,kind="genotype",family=rep(1:150,2))),C("family of continuous","error",mr_data(matrix(rnorm(n*5),n),x,y,e,kind="continuous",family=rep(1:150,each=2))),C("family col name","error",mr_data(G,x,y,e,kind="genotype",family="fid")),C("parents swapped rows (unrelated)","error|warning",mr_data(G,x,y,e,kind="genotype",parents=list(father=G[n:1,],mother=G[c(2:n,1),]))),C("parents short","error",mr_data(G,x,y,e,kind="genotype",parents=list(father=G[1:5,],mother=G))),C("parents are the child","error|warning|value",q(mr_data(G,x,y,e,kind="genotype",parents=list(father=G,mother=G)))),C("parents siblings w/o family","error",mr_data(G,x,y,e,kind="genotype",parents="siblings")),C("parents segment table wrong","error",mr_data(G,x,y,e,kind="genotype",family=rep(1:150,each=2),parents=data.frame(ID1=1,ID2=2))),C("parents all NA","error|warning|value",mr_data(G,x,y,e,kind="genotype",parents=list(father=G*NA,mother=G*NA)))
)
run(cases)
})

# ---- few people ----
topic("few people", c(), {
options(LatentMR.quiet=TRUE)
set.seed(15); n<-120; e<-rep(c("a","b","c"),each=40); fr<-matrix(runif(30,.2,.7),3); G<-t(sapply(rep(1:3,each=40),function(s) rbinom(10,2,fr[s,]))); colnames(G)<-paste0("rs",1:10); x<-drop(G%*%rep(.4,10))+rnorm(n); y<-.4*x+rnorm(n); N<-function(k) {m<-matrix(rnorm(n*k),n);colnames(m)<-paste0("c",seq_len(k));m}
md<-function(g=G,...) mr_data(g,x,y,e,kind="genotype",...); q<-function(d,...) suppressWarnings(latent_mr(d,seed=1,...)); mm<-function(d,...) suppressWarnings(mr_moments(d,folds=1,disclosure=FALSE,...))
EV<-"error|value|warning"
A<-simulate_mr("authors",n=30,environments=2,seed=1); 
onlyA<-G; onlyA[e!="a",1:8]<-0
cases<-list(
 C("structure 119","error|value",q(md(structure=N(119)))),C("structure 100","error|value",q(md(structure=N(100)))),C("structure 40","error|value",q(md(structure=N(40)))),C("structure 110 moments","error|value",q(mm(md(structure=N(110))))),C("structure 200 moments","error|value",q(mm(md(structure=N(200))))),C("covariates 118","error|value",q(md(covariates=N(118)))),C("covariates 100 + by env","error|value",q(md(covariates=N(100)))),C("covariates 200 moments","error|value",q(mm(md(covariates=N(200))))),C("background 1","error|value",q(md(background=matrix(rbinom(n,2,.4),n)))),C("background 2000","error|value",q(md(background=matrix(rbinom(n*2000,2,.4),n)))),C("background + max_comp 0","error|value",q(md(background=matrix(rbinom(n*50,2,.4),n)),control=encoder_control(max_components=0))),C("bg moments","error|value",q(mm(md(background=matrix(rbinom(n*50,2,.4),n))))),C("background copies","error|value",q(md(background=matrix(rep(rbinom(n,2,.4),5),n)))),
 C("n_latent all variant","error|value",q(md(),n_latent=c(1,9))),C("n_latent none variant","error|value",q(md(),n_latent=c(10,0))),C("n_latent moments","error|value",q(mm(md()),n_latent=c(1,9))),C("level .5001","error|value",q(md(),control=encoder_control(level=.5001,partial_level=.5001))),C("level .9999999","error|value",q(md(),control=encoder_control(level=.9999999))),C("draws 20","error|value",q(md(),control=encoder_control(draws=20))),C("r2_min 0","error|value",q(md(),control=encoder_control(r2_min=0))),C("r2_min 1","error|value",q(md(),control=encoder_control(r2_min=1))),C("one block","error|value",q(md(block=rep(1,10)))),C("all methods","value|error",q(md(),methods=setdiff(mr_methods()[[1]],c("latent_msmm","latent_tsri","latent_tsps","score","latent_score","family_ujive","family_2sls","family_nagar","imputed_ujive","imputed_2sls","mixed_ujive","mixed_liml","mixed_2sls")))),C("all methods binary","value|error",{m<-mr_data(G,x,as.integer(y>0),e,kind="genotype");q(m,methods=c("latent_msmm","latent_tsri","latent_tsps"))}),C("binary rare","value|error",{m<-mr_data(G,x,replace(rep(0L,n),c(1,50,100),1L),e,kind="genotype");q(m,methods=c("ols","latent_msmm","latent_tsri","latent_tsps","latent_ujive"))}),C("binary separated","value|error",{m<-mr_data(G,x,as.integer(x>median(x)),e,kind="genotype");q(m,methods=c("latent_msmm","latent_tsri","latent_tsps","latent_ujive"))}),C("binary exposure","value|error",{m<-mr_data(G,as.integer(x>median(x)),y,e,kind="genotype");q(m)}),C("both binary moments","value|error",{m<-mr_data(G,as.integer(x>median(x)),as.integer(y>0),e,kind="genotype");q(mm(m))}),
 C("variants in one env only","error|value",q(md(onlyA))),C("mostly missing","error|value",q(md(replace(G,sample(length(G),.9*length(G)),NA)))),C("env without calls","error|value",q(md(replace(G,cbind(rep(which(e=="a"),10),rep(1:10,each=40)),NA)))),C("env 10 people each","error|value",q(mr_data(G[1:30,],x[1:30],y[1:30],rep(1:3,10),kind="genotype"))),C("12 envs of 10","error|value",q(mr_data(G,x,y,rep(1:12,10),kind="genotype"))),C("clusters 2","error|value",q(md(cluster=rep(1:2,60)))),C("clusters = env","error|value",q(md(cluster=e))),C("clusters 3 + gmm","error|value",q(md(cluster=e),methods=c("latent_gmm","latent_ujive","latent_liml"))),C("random cluster","error|value",q(md(cluster=rep(1:40,3)),random="cluster")),C("random bg","error|value",q(md(background=matrix(rbinom(n*50,2,.4),n)),random="background")),C("random both singular","error|value",q(md(cluster=rep(1:60,2),background=matrix(rep(rbinom(n,2,.4),5),n)),random=c("background","cluster"))),C("outcome same within cluster random","error|value",q(mr_data(G,x,y[rep(1:40,3)],e,kind="genotype",cluster=rep(1:40,3)),random="cluster")),
 C("crossfit 2 small","error|value",q(md(),crossfit=2)),C("crossfit 40","error|value",q(md(),crossfit=40)),C("crossfit clusters 3","error|value",q(md(cluster=rep(1:3,40)),crossfit=5)),C("crossfit moments 1 fold 2","error",q(mm(md()),crossfit=2)),C("jackknife authors tiny","error|value",q(A,jackknife=TRUE)),C("jackknife + clusters 2","error|value",q(mr_data(matrix(rnorm(n*4),n)+as.integer(factor(e)),x,y,e,kind="continuous",cluster=rep(1:2,60)),jackknife=TRUE)),C("closure tiny","error|value|warning",q(A,encoder="closure")),C("flow tiny","error|value|warning",q(A,encoder="flow",control=encoder_control(flow=flow_control(starts=1,rounds=1,rows=50)))),C("sparsity","error|value|warning",q(simulate_mr("authors",n=50,environments=3,seed=1),encoder="mechanism_sparsity")),C("authors duplicated inst","error|value",{z<-matrix(rnorm(n*2),n)+as.integer(factor(e));q(mr_data(cbind(z,z[,1]+z[,2]),x,y,e,kind="continuous"))}),C("authors 1 inst","error|value",q(mr_data(matrix(rnorm(n)+as.integer(factor(e)),n),x,y,e,kind="continuous"))),C("authors no diff","error|value",q(mr_data(matrix(rnorm(n*4),n),x,y,e,kind="continuous"))),C("authors force no diff","error|value",q(mr_data(matrix(rnorm(n*4),n),x,y,e,kind="continuous"),force=TRUE)),C("X inf scale inst","error|value",q(mr_data(matrix(rnorm(n*4),n)*c(1e200)+as.integer(factor(e)),x,y,e,kind="continuous"))),C("outcome 1e300","error|value",q(mr_data(G,x,y*1e300,e,kind="genotype"))),C("outcome 1e-300","error|value",q(mr_data(G,x,y*1e-300,e,kind="genotype"))),C("exposure 1 person varies","error|value",q(mr_data(G,as.numeric(seq_len(n)==1),y,e,kind="genotype"))),C("exposure = env","error|value",q(suppressWarnings(mr_data(G,as.integer(factor(e)),y,e,kind="genotype")))),C("exposure = G1","error|value",q(mr_data(G,G[,1],y,e,kind="genotype"))),C("exposure = sum of G","error|value",q(mr_data(G,rowSums(G),y,e,kind="genotype"))),C("outcome = G1","error|value",q(mr_data(G,x,G[,1],e,kind="genotype",outcome_kind="number")))
)
run(cases)
})

# ---- frames of methods ----
topic("frames of methods", c(), {
options(LatentMR.quiet=TRUE); 
set.seed(16); d<-mtcars; f<-iv_reg(mpg~hp|wt|disp+cyl,d); fc<-iv_reg(mpg~hp|wt|disp+cyl,d,cluster="carb")
n<-200;S<-simulate_mr("snp",cell=3,n=60,seed=1); ft<-suppressWarnings(latent_mr(S,seed=1)); ds<-as.data.frame(ft)
num<-function(r) {r[]<-lapply(r,function(z) if(is.factor(z)) as.numeric(z) else z);r}
dd<-data.frame(id=1:4,vs=mtcars$vs)
cases<-list(
 C("variant_tests arg","error",variant_tests(ft,method="x")),C("single_variant moments fit","value|error",single_variant(suppressWarnings(latent_mr(suppressWarnings(mr_moments(S,folds=1,disclosure=FALSE)),seed=1)))),C("outlying on fit without","error",outlying_variants(ft)),C("outlying ok","value",outlying_variants(suppressWarnings(latent_mr(S,methods="latent_outlier",seed=1,by_environment=FALSE)))),C("verdict arg","error",verdict(ft,level=.9)),C("direction_test arg","error",direction_test(ft,r2=.1)),C("direction ok iv","value",direction_test(f)),C("avgder NULL","error",average_derivative(NULL)),C("flow arg","error",flow(ft,by="site")),C("variants env fit","error",variants(ft,environments=TRUE)),C("samples bed arg","error",samples(S,id="x")),C("augment latent","error",augment(ft)),C("glance arg","error",glance(ft,level=.9)),C("tidy scan","error|value",tidy(suppressWarnings(latent_scan(S,seed=1)))),C("print table n","error|value",print(variants(S),n="ten")),C("print table n neg","error|value",print(variants(S),n=-1)),C("variants subset keeps","value",{v<-variants(S);v[v$eaf>.3,c("snp","eaf")]},function(v) all(v$eaf>.3)),C("as.data.frame(variants)","value",as.data.frame(variants(S)),function(v) identical(class(v),"data.frame")),C("merge variants","value",merge(variants(S),data.frame(snp="snp1",z=1)),function(v) nrow(v)==1),C("rbind variants","value",rbind(variants(S),variants(S)),function(v) nrow(v)==100),C("head flow","value",{print(head(flow(S)));1}),C("flow subset col","value",{print(flow(S)[,"count",drop=FALSE]);1}),C("flow[0,]","value",{print(flow(S)[0,]);1}),C("flow reordered","value",{print(flow(S)[nrow(flow(S)):1,]);1}),C("variants[0,]","value",{print(variants(S)[0,]);1}),C("scan[0,]","value",{print(suppressWarnings(latent_scan(S,seed=1))[0,]);1}),C("scan cols","value",{print(suppressWarnings(latent_scan(S,seed=1))[,c("b","se")]);1}),C("clumps[0,]","value",{print(suppressWarnings(clump(S,threshold=.9))[0,]);1}),C("gwas[0,]","value",{g<-read_gwas(data.frame(SNP="rs1",effect_allele="A",other_allele="G",beta=.1,se=.1));print(g[0,]);print(g[,1:3]);print(g[["beta"]]);1}),C("gwas rbind","value",{g<-read_gwas(data.frame(SNP="rs1",effect_allele="A",other_allele="G",beta=.1,se=.1));print(rbind(g,g));1}),C("gwas transform then summary_mr","value|error",{g<-read_gwas(data.frame(SNP=paste0("rs",1:5),effect_allele="A",other_allele="G",eaf=.3,beta=(1:5)/10,se=.1));h<-transform(g,beta=beta*2);summary_mr(g,h,"ivw")$b},function(v) near(v,2)),C("gwas drop col then summary_mr","error",{g<-read_gwas(data.frame(SNP=paste0("rs",1:5),effect_allele="A",other_allele="G",eaf=.3,beta=(1:5)/10,se=.1));g$se<-NULL;summary_mr(g,g,"ivw")}),C("gwas beta NA then","error|value|message",{g<-read_gwas(data.frame(SNP=paste0("rs",1:5),effect_allele="A",other_allele="G",eaf=.3,beta=(1:5)/10,se=.1));h<-g;h$beta[1]<-NA;summary_mr(g,h,"ivw")}),C("gwas factor after","error|value",{g<-read_gwas(data.frame(SNP=paste0("rs",1:5),effect_allele="A",other_allele="G",eaf=.3,beta=(1:5)/10,se=.1));h<-g;h$SNP<-factor(h$SNP);summary_mr(g,h,"ivw")}),C("gwas se 0 after","error|value|message",{g<-read_gwas(data.frame(SNP=paste0("rs",1:5),effect_allele="A",other_allele="G",eaf=.3,beta=(1:5)/10,se=.1));h<-g;h$se<-0;summary_mr(g,h,"ivw")}),C("families subset","value",{k<-families(data.frame(ID1=c("a","b"),ID2=c("b","c"),Kinship=.25));print(k[1:2]);print(k[0]);droplevels(k);1}),C("overid print sub","value",{print(overid_test(f)[1,]);print(overid_test(f)[,1:2]);print(overid_test(f)[0,]);1}),C("plaus print sub","value",{p<-plausibly_exogenous(f,.01);print(p[1,]);print(p[0,]);print(p[,1:2]);1}),C("envtest print sub","value",{p<-environment_test(S);print(p[1,]);print(p[0,]);print(p[,1:2]);1}),C("strobe sub","value",{p<-strobe_mr(ft);print(p[1,]);print(p[0,]);1}),C("mr_methods sub","value",{p<-mr_methods();print(p[1,]);print(p[0,]);print(p[,1:2]);1}),C("verdict sub","value",{p<-verdict(ft);print(p);print(tryCatch(p[1],error=function(e) stop(e)));1}),C("loo sub","value",{p<-leave_one_out(ft,"variant");print(p[1,]);print(p[0,]);1}),C("single sub","value",{p<-single_variant(ft);print(p[1:2,]);print(p[0,]);1}),C("controls print edited","error|value",{e<-encoder_control();e$level<-95;print(e);latent_mr(S,control=e,seed=1)}),C("control field removed","error",{e<-encoder_control();e$draws<-NULL;latent_mr(S,control=e,seed=1)}),C("curve control edited","error",{e<-curve_control();e$members<-"a";set.seed(1);q<-data.frame(z=rnorm(60));q$x<-q$z+rnorm(60);q$y<-q$x+rnorm(60);iv_curve(y~x|z,q,control=e,seed=1)}),C("adam edited","error",{e<-adam_control();e$rate<--1;curve_control(adam=e)}),C("flow_control edited","error",{e<-flow_control();e$starts<-0;encoder_control(flow=e)}),C("encoder misspelt field set","error|value",{e<-encoder_control();e$lvel<-.9;latent_mr(S,control=e,seed=1,by_environment=FALSE)})
)
run(cases)
})

table <- do.call(rbind, rows)
utils::write.csv(table, Sys.getenv("ATTACKS", "bench/results/wrong-calls-outsider.csv"), row.names = FALSE)
print(stats::xtabs(~ kind + outcome, table))
cat(sprintf("%d of %d as expected\n", sum(table$held), nrow(table)))
